"""The tools that people turn documents into text with: commands and Python libraries, each used where it is found."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Format = Literal["html", "docx", "pdf"]
TIMEOUT_S = 120

_COMMANDS: dict[str, tuple[Format, tuple[str, ...], tuple[str, ...]]] = {
    "pdftotext": ("pdf", ("pdftotext", "{}", "-"), ("-v",)),
    "pdftotext-layout": ("pdf", ("pdftotext", "-layout", "{}", "-"), ("-v",)),
    "pdftotext-raw": ("pdf", ("pdftotext", "-raw", "{}", "-"), ("-v",)),
    "w3m": ("html", ("w3m", "-dump", "-T", "text/html", "-I", "utf-8", "-O", "utf-8", "-cols", "120", "{}"), ("-version",)),
    "lynx": ("html", ("lynx", "-dump", "-nolist", "-width=120", "-display_charset=utf-8", "{}"), ("-version",)),
    "pandoc-plain": ("html", ("pandoc", "-f", "html", "-t", "plain", "--columns=120", "{}"), ("--version",)),
    "pandoc-markdown": ("html", ("pandoc", "-f", "html", "-t", "markdown", "{}"), ("--version",)),
    "pandoc-gfm": ("html", ("pandoc", "-f", "html", "-t", "gfm", "{}"), ("--version",)),
    "pandoc-docx": ("docx", ("pandoc", "-f", "docx", "-t", "plain", "--columns=120", "{}"), ("--version",)),
}  # fmt: skip
"""Commands: what each reads, how it is called, and how it tells its version."""

_READS: dict[str, Format] = {
    **dict.fromkeys(("pdfplumber", "pdfplumber-layout", "pdfplumber-tables", "pypdf", "pypdf-layout"), "pdf"),
    **dict.fromkeys(("pdfminer", "pypdfium2", "pymupdf"), "pdf"),
    **dict.fromkeys(("html2text", "inscriptis", "trafilatura", "trafilatura-markdown", "markdownify"), "html"),
    **dict.fromkeys(("soup-lines", "soup-stripped", "soup-bars", "soup-joined", "soup-spaces", "soup-rows"), "html"),
    **dict.fromkeys(("pandas-csv", "pandas-markdown", "inner-text", "selected", "markitdown-html"), "html"),
    **dict.fromkeys(("docx-tabs", "docx-bars", "docx-lines", "docx-once", "docx2txt"), "docx"),
    **dict.fromkeys(("mammoth", "mammoth-html", "mammoth-markdown", "markitdown"), "docx"),
}
"""What the libraries of worker.py read, by tool."""

RECOGNISER = "tesseract"
"""The tool that reads the pages of a PDF as images, see ocr.py."""

NAMES: tuple[str, ...] = (*_COMMANDS, *_READS, RECOGNISER)


class ToolError(Exception):
    """A tool could not read a document."""


@dataclass(frozen=True, slots=True)
class Tools:
    """found: tool → the version that is here. missing: tool → why it is not. prints: formats that can be printed to PDF."""

    found: Mapping[str, str]
    missing: Mapping[str, str]
    prints: tuple[Format, ...]
    worker: Any = None

    def extract(self, tool: str, path: Path) -> str:
        """The text that a tool makes of a document; raises ToolError where it makes none."""
        return _command(tool, path) if tool in _COMMANDS else _ask(self.worker, tool, path)

    def print_pages(self, paths: Sequence[Path], folder: Path) -> None:
        """Web pages and DOCX files → PDF files of the same names in their folder; raises ToolError where one cannot be."""
        for path in paths:
            if path.suffix == ".html":
                _ask(self.worker, "print", path)
        office = [path for path in paths if path.suffix == ".docx"]
        if office:
            _print_files(office, folder)

    def glyphs(self, path: Path) -> list[Any]:
        """Every character of a PDF with its place, as ocr.Glyph has them."""
        return [tuple(glyph) for glyph in json.loads(_ask(self.worker, "glyphs", path))]


def reads(tool: str) -> Format:
    """What a tool reads."""
    return "pdf" if tool == RECOGNISER else _COMMANDS[tool][0] if tool in _COMMANDS else _READS[tool]


@contextmanager
def open_tools(python: str) -> Iterator[Tools]:
    """Look for every tool; python: the interpreter that has the libraries. The worker ends with the context."""
    source = Path(__file__).with_name("worker.py")
    call = [python, "-IB", str(source)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        call, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as worker:
        told = _answer(worker, '{"found": {}, "missing": {}}')
        yield _found(told["found"], told["missing"], worker)


def _answer(worker: Any, ended: str) -> Any:
    """The worker's next line; what is taken for it where the worker has ended."""
    return json.loads(worker.stdout.readline() or ended)


def _found(libraries: Mapping[str, str], missing: Mapping[str, str], worker: Any) -> Tools:
    """The tools that are here, of the commands and of what the worker found."""
    found = {n: _version(call[0], ask) for n, (_, call, ask) in _COMMANDS.items() if shutil.which(call[0])}
    found |= {name: version for name, version in libraries.items() if name in _READS}
    prints: tuple[Format, ...] = (
        *(("html",) if "print" in libraries else ()),
        *(("docx",) if shutil.which("soffice") else ()),
    )
    lacking = {n: f"the command {call[0]} is not installed" for n, (_, call, _) in _COMMANDS.items() if n not in found}
    why = _recogniser_lacks("glyphs" in libraries)
    if why:
        lacking[RECOGNISER] = why
    else:
        found[RECOGNISER] = _version("tesseract", ("--version",))
    if not prints:
        lacking |= {
            n: "nothing prints PDF here: neither playwright with chromium nor soffice"
            for n in found
            if reads(n) == "pdf"
        }
    told = {name: why for name, why in missing.items() if name in _READS}
    return Tools({n: v for n, v in found.items() if n not in lacking}, {**told, **lacking}, prints, worker)


def _recogniser_lacks(glyphs: bool) -> str:
    """What the recogniser lacks here, "" nothing."""
    for command in ("tesseract", "pdftoppm"):
        if not shutil.which(command):
            return f"the command {command} is not installed"
    told = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if "chi_sim" not in told.stdout.split():
        return "tesseract has no chi_sim"
    return "" if glyphs else "the package pdfplumber is not installed"


def printers() -> dict[str, str]:
    """The programs that print PDF here, with their versions."""
    return {name: _version(name, ("--version",)) for name in ("chromium", "soffice") if shutil.which(name)}


def _version(command: str, ask: Sequence[str]) -> str:
    told = subprocess.run([command, *ask], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return next(iter((told.stdout + told.stderr).splitlines()), command)


def _command(tool: str, path: Path) -> str:
    call = [part.replace("{}", str(path)) for part in _COMMANDS[tool][1]]
    done = subprocess.run(call, capture_output=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise ToolError(f"{tool}: exit status {done.returncode}: {done.stderr[:200]!r}")
    return done.stdout.decode("utf-8", "replace")


def _ask(worker: Any, tool: str, path: Path) -> str:
    worker.stdin.write(json.dumps({"tool": tool, "path": str(path)}) + "\n")
    worker.stdin.flush()
    told = _answer(worker, '{"error": "the interpreter with the libraries has ended"}')
    if "error" in told:
        raise ToolError(f"{tool}: {told['error']}")
    return str(told["text"])


def _print_files(paths: Iterable[Path], folder: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        raise ToolError("the command soffice is not installed")
    profile = f"-env:UserInstallation={(folder / 'profile').resolve().as_uri()}"
    call = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *map(str, paths)]
    done = subprocess.run(call, capture_output=True, timeout=900, check=False)
    if done.returncode:
        raise ToolError(f"soffice: exit status {done.returncode}: {done.stderr[:200]!r}")
