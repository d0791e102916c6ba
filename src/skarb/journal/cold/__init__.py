"""What a book has put away: files beside it that hold what its writer rarely needs. All of it follows from the journal."""

from skarb.journal.cold.folder import FOLDER_VARIABLE, LIMIT_VARIABLE, KeptRuns, Runs, hot_limit, runs_path
from skarb.journal.cold.shelf import FileShelf, KeptShelf

__all__ = ["FOLDER_VARIABLE", "LIMIT_VARIABLE", "FileShelf", "KeptRuns", "KeptShelf", "Runs", "hot_limit", "runs_path"]
