"""Help in the person's language: what click sets under its heads passes through here, line by line."""

import logging
import re
from collections.abc import Iterable, Iterator

import click

from ..language import spoken, told
from ..source.width import shown_width

_GAP = 2
_WIDEST_NAME = 30
_EXTRA = re.compile(r"  (?=\[)")
"""Between what an option is and its default."""
_PIECE = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+")
"""What a line may end behind: a Chinese character, a word of others, white space."""
_NEVER_FIRST = "，。；：、）”"


class Formatter(click.HelpFormatter):
    """click's own, but for the words, and for where lines of Chinese end: they have no spaces, and are twice as wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, told("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(told(heading))

    def write_text(self, text: str) -> None:
        if spoken() != "zh":
            super().write_text("\n\n".join(map(_told, text.split("\n\n"))))
            return
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" * bool(number))
            for line in _lines_of(paragraph):
                for part in _folded(line, self.width - self.current_indent):
                    self.write(f"{'':>{self.current_indent}}{part}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST_NAME, col_spacing: int = _GAP) -> None:
        said = [(name, "  ".join(map(told, _EXTRA.split(text)))) for name, text in rows]
        if spoken() != "zh":
            super().write_dl(said, col_max, col_spacing)
            return
        left = min(col_max, max(shown_width(name) for name, _ in said)) + col_spacing
        for name, text in said:
            first, *rest = _folded(text, max(20, self.width - self.current_indent - left)) or [""]
            head = f"{'':>{self.current_indent}}{name}"
            if shown_width(name) > left - col_spacing:
                self.write(f"{head}\n")
                head = f"{'':>{self.current_indent}}"
            self.write(f"{head}{'':>{self.current_indent + left - shown_width(head)}}{first}\n")
            for line in rest:
                self.write(f"{'':>{self.current_indent + left}}{line}\n")


class Context(click.Context):
    formatter_class = Formatter


def _listen(_ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        logging.getLogger("nianbao").setLevel(logging.INFO)


_VERBOSE = click.Option(
    ["-v", "--verbose"],
    is_flag=True,
    expose_value=False,
    callback=_listen,
    help="Say what is done: reports read, requests to a model, what an endpoint refuses.",
)


class Verbose(click.Command):
    """A command that says what it does where it is asked to."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, shows_help = super().get_params(ctx)
        return [*own, _VERBOSE, shows_help]


class Command(Verbose):
    """A command whose help is in the person's language."""

    context_class = Context

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002  # it is folded, not cut off
        return first_sentence(self)


def first_sentence(command: click.Command) -> str:
    """What a list of commands says of one."""
    return " ".join((command.help or "").split("\n\n")[0].split()).partition(". ")[0].removesuffix(".")


def _told(paragraph: str) -> str:
    """A paragraph, told; one whose lines stand as they are (\\b), line by line."""
    lines = _lines_of(paragraph)
    return "\b\n" + "\n".join(lines) if paragraph.startswith("\b") else lines[0]


def _lines_of(paragraph: str) -> list[str]:
    if not paragraph.startswith("\b"):
        return [told(" ".join(paragraph.split()))]
    return [told(line) for line in paragraph.split("\n")[1:]]


def _folded(text: str, width: int) -> list[str]:
    """Lines of so many columns; a word of other letters than Chinese is not broken."""
    return list(_fold(text, width))


def _fold(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in _PIECE.findall(text):
        if line and shown_width(line + piece) > width and piece not in _NEVER_FIRST:
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    if line:
        yield line.rstrip()
