"""Made-up reports through real tools: print each as a document, let a tool read it, and account for every cell."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from ..figures import failing
from .account import PRINTS, Account, UnaccountedError, account, coded, codes
from .filling import ZEROS
from .ocr import account_of_words, boxes_of, recognise
from .printed import FONTS
from .report import REPORT, MadeReport, make_report
from .tools import RECOGNISER, Format, ToolError, Tools, reads
from .webpage import STYLES, Page, page_for, write_html
from .wordfile import Sheet, sheet_for, write_docx

_BATCH = 24


@dataclass(frozen=True, slots=True)
class Job:
    """One text to be made. source: the format that the document is written in; a tool that reads PDF reads it printed."""

    name: str
    tool: str
    made: MadeReport
    source: Format
    page: Page
    sheet: Sheet
    zeros: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """A text that a tool made of a report; `account` says what it holds of each cell."""

    job: Job
    text: str
    account: Account

    def as_line(self) -> dict[str, Any]:
        """As a line of a made-up file, see eval/dataset.py: its layout is the tool, and it tells of cells that print a number."""
        filling = self.job.made.filling
        numbers = [path for path in REPORT.columns if filling.figures.get(path) is not None]
        account: dict[str, list[str]] = {}
        for path in numbers:
            account.setdefault(self.account.held[path], []).append(path)
        account.pop("held", None)
        return {
            "name": self.job.name,
            "text": self.text,
            "gold": self.job.made.gold,
            "places": {p: list(self.account.places[p]) for p in numbers if p in self.account.places},
            "form": filling.form,
            "layout": self.job.tool,
            "done": [*self.done, *filling.done],
            "broken": list(failing(filling.figures, REPORT)),
            "lost": [path for paths in account.values() for path in paths],
            "account": account,
        }

    @property
    def done(self) -> list[str]:
        job = self.job
        drawn = f"html {job.page.style}" if job.source == "html" else "docx"
        zeros = {"": "zeros blank", "0": "zeros as 0", "mixed": "zeros mixed"}.get(job.zeros, f"zeros as {job.zeros}")
        return [drawn, zeros, job.made.filling.size]


def make_jobs(tools: Tools, through: Sequence[str], count: int, seed: int) -> Iterator[Job]:
    """`count` jobs, the tools and the ways to print zeros by turns; the n-th depends on seed, n and its tool alone."""
    for n in range(count):
        tool = through[n % len(through)]
        turn = n // len(through)
        rng = Random(f"extracted/{seed}/{turn}/{tool}")
        zeros = ZEROS[(turn + n) % len(ZEROS)]
        source = rng.choice(tools.prints) if reads(tool) == "pdf" else reads(tool)
        style = tuple(STYLES)[(turn + n) % len(STYLES)]
        made = make_report(rng, zeros)
        fonts = FONTS if not _marked(made) else FONTS[:1]
        page, sheet = page_for(rng, style, fonts), sheet_for(rng, fonts)
        yield Job(f"extracted_{seed}_{n:04}_{tool}", tool, made, source, page, sheet, zeros)


def _marked(made: MadeReport) -> bool:
    """Whether blanks are printed as marks."""
    printed, figures = made.filling.printed, made.filling.figures
    return any(figures[path] is None and text.strip() for path, text in printed.items())


def extract_all(jobs: Iterator[Job], tools: Tools, failures: list[str]) -> Iterator[Extracted]:
    """Every job's text; a job that a tool fails on, or whose text cannot be accounted for, is named in `failures`."""
    batch: list[Job] = []
    for job in jobs:
        batch.append(job)
        if len(batch) == _BATCH:
            yield from _extract(batch, tools, failures)
            batch = []
    yield from _extract(batch, tools, failures)


def _extract(jobs: list[Job], tools: Tools, failures: list[str]) -> Iterator[Extracted]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        written = [_write(job, number, folder) for number, job in enumerate(jobs)]
        printing = [paths for job, paths in zip(jobs, written, strict=True) if reads(job.tool) == "pdf"]
        tools.print_pages([path for paths in printing for path in paths], folder)
        for job, paths in zip(jobs, written, strict=True):
            suffix = ".pdf" if reads(job.tool) == "pdf" else paths[0].suffix
            try:
                yield _read(job, [path.with_suffix(suffix) for path in paths], tools)
            except (ToolError, UnaccountedError) as error:
                failures.append(f"{job.name}: {error}")


def _read(job: Job, prints: Sequence[Path], tools: Tools) -> Extracted:
    """What the tool makes of a document; prints: it, its prints with code digits, and those with blanks filled."""
    printed = job.made.filling.printed
    if job.tool == RECOGNISER:
        text, words = recognise(prints[0])
        numbers = {code: path for path, code in codes(list(printed)).items()}
        boxes = boxes_of([tools.glyphs(path) for path in prints[1 : 1 + PRINTS]], numbers)
        return Extracted(job, text, account_of_words(words, boxes, printed))
    text, *texts = [tools.extract(job.tool, path) for path in prints]
    return Extracted(job, text, account(text, texts[:PRINTS], texts[-PRINTS:], printed))


def _write(job: Job, number: int, folder: Path) -> list[Path]:
    """The document's prints: as it is, three with code digits, and three more where blanks are filled, if it has any."""
    printed = job.made.filling.printed
    shown: list[Mapping[str, str]] = [printed]
    numbers = codes(list(printed))
    for filled in (False, True):
        shown += [{p: coded(t, numbers[p], n, filled=filled) for p, t in printed.items()} for n in range(PRINTS)]
    if shown[1 : 1 + PRINTS] == shown[-PRINTS:]:
        shown = shown[: 1 + PRINTS]
    paths: list[Path] = []
    for at, texts in enumerate(shown):
        document = job.made.document.printing(lambda cell, texts=texts: texts[cell.path])  # type: ignore[misc]
        path = folder / f"{number}-{at}.{job.source}"
        if job.source == "docx":
            path.write_bytes(write_docx(document, job.sheet))
        else:
            filling = job.made.filling
            path.write_text(write_html(document, job.page, filling.year, filling.agency), encoding="utf-8")
        paths.append(path)
    return paths
