"""A document before it is written in a file format: paragraphs and tables of cells with true spans."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["caption", "head", "label", "value"]
Style = Literal["title", "heading", "body", "sign", "note"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table. rows, columns: how many it spans. path: of a value, the cell of the record that it prints."""

    text: str
    kind: Kind = "label"
    rows: int = 1
    columns: int = 1
    path: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, each cell once, where it begins. heads: how many rows at the top are heads. widths: of each column, relative."""

    rows: tuple[tuple[Cell, ...], ...]
    heads: int
    widths: tuple[int, ...]

    def placed(self) -> Iterator[tuple[int, int, Cell]]:
        """Every cell with the row and the column where it begins, in the order of the rows."""
        taken: set[tuple[int, int]] = set()
        for y, row in enumerate(self.rows):
            x = 0
            for cell in row:
                while (y, x) in taken:
                    x += 1
                taken.update((y + down, x + right) for down in range(cell.rows) for right in range(cell.columns))
                yield y, x, cell
                x += cell.columns


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    style: Style = "body"


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Document:
    """blocks: in the order of the page. running: the line at the head of each page, "" none."""

    title: str
    blocks: tuple[Block, ...]
    running: str = ""

    @property
    def tables(self) -> list[Table]:
        return [block for block in self.blocks if isinstance(block, Table)]

    def printing(self, write: Callable[[Cell], str]) -> "Document":
        """The same document, with each of its values written anew."""
        return replace(self, blocks=tuple(_printing(block, write) for block in self.blocks))


def _printing(block: Block, write: Callable[[Cell], str]) -> Block:
    if isinstance(block, Paragraph):
        return block
    rows = (tuple(replace(c, text=write(c)) if c.path else c for c in row) for row in block.rows)
    return replace(block, rows=tuple(rows))
