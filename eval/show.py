"""Tables for a terminal."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ..pipeline.cli.view import clean
from ..pipeline.language import told
from .tables import Table

_WIDTH_WITHOUT_TERMINAL = 130


def show(tables: Iterable[Table]) -> None:
    """Print tables to standard output, in colour only on a terminal."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, emoji=False, width=_WIDTH_WITHOUT_TERMINAL)
    for number, table in enumerate(tables):
        if number:
            console.print()
        show_table(table, console)


def show_table(table: Table, console: Console) -> None:
    """Print one table: its title, the lines under their heads, how to read it."""
    console.print(Text(told(table.title), "bold"))
    grid = Grid(box=box.SIMPLE_HEAD if any(table.heads) else None, padding=(0, 1), header_style="dim", pad_edge=False)
    for number, head in enumerate(table.heads):
        grid.add_column(Text(told(head)), justify="right" if table.is_numeric(number) else "left", overflow="fold")
    for line in table.lines:
        grid.add_row(*(Text(clean(told(cell))) for cell in line))
    console.print(grid)
    if table.note:
        console.print(Text(told(table.note), "dim"))
