"""proofs"""
from cyclopts import App
def add_commands(app: App) -> None:
    """x"""
