"""The page on files of one's own: what it shows is what happens."""

import re
import shlex
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "your-files.md").read_text(encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    for name, content in re.findall(r"\$ cat (\S+)\n((?:[^`$].*\n)+)", PAGE):
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name, content in re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["export.csv", "export.yaml", "own.csv"]
    return tmp_path


def test_every_command_of_the_page_does_what_the_page_says(skarb, files: Path) -> None:
    commands = [shlex.split(line, comments=True)[1:] for line in re.findall(r"^\$ (skarb .*)$", PAGE, re.MULTILINE)]
    assert len(commands) == 6
    said = {tuple(words): skarb(*words) for words in commands}
    assert {result.code for result in said.values()} == {0}
    assert "1 rows in = 1 answered + 0 malformed" in said[tuple(commands[0])].out
    mapped = said[tuple(commands[1])]
    shown = re.search(r"--mapping export.yaml\n(.*?)…\n```", PAGE, re.DOTALL)
    assert shown is not None and all(line.strip() in mapped.out + mapped.err for line in shown[1].splitlines())
    assert len((files / "decisions.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_without_the_mapping_the_way_is_named(skarb, files: Path) -> None:
    result = skarb("decide", "export.csv")
    assert result.code == 3
    assert all(
        words in " ".join(result.err.split()) for words in ("date, from, to, amount, currency", "--mapping", "docs/your-files.md")
    )
