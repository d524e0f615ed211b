"""How the documents themselves are read: python -m tests.tools.documents [COUNT [FOLDER]]

COUNT made-up reports are written as web page and DOCX, and each of these printed as PDF (by chromium and by LibreOffice, where they are
installed); all are read by rules, and held against what they print. Then the time that the processor takes for a page of PDF, and the
memory, beside pdftotext. Documents that are in FOLDER already are not made again.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from nianbao.eval.documents.filling import ZEROS
from nianbao.eval.documents.printed import FONTS
from nianbao.eval.documents.report import REPORT, make_report
from nianbao.eval.documents.tools import open_tools
from nianbao.eval.documents.webpage import STYLES, page_for, write_html
from nianbao.eval.documents.wordfile import sheet_for, write_docx
from nianbao.eval.figures import failing
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from nianbao.pipeline.source.decode import decode

SEED = "documents/1"
KINDS = {"web page": "w.html", "DOCX": "d.docx", "PDF by chromium": "w.pdf", "PDF by LibreOffice": "d.pdf"}


def make(folder: Path, count: int) -> None:
    """Write the documents, and the gold of each report with whether its sums hold as NAME.gold.json."""
    paths = []
    for n in range(count):
        rng = Random(f"{SEED}/{n}")
        style = tuple(STYLES)[(n // len(ZEROS) + n) % len(STYLES)]
        made = make_report(rng, ZEROS[n % len(ZEROS)])
        page, sheet = page_for(rng, style, FONTS[:1]), sheet_for(rng, FONTS[:1])
        printed = made.filling.printed
        document = made.document.printing(lambda cell, printed=printed: printed[cell.path])  # type: ignore[misc]
        html = write_html(document, page, made.filling.year, made.filling.agency)
        (folder / f"{n:03}w.html").write_text(html, encoding="utf-8")
        (folder / f"{n:03}d.docx").write_bytes(write_docx(document, sheet))
        told = {"gold": made.gold, "holds": not failing(made.filling.figures, REPORT)}
        (folder / f"{n:03}.gold.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        paths += [folder / f"{n:03}w.html", folder / f"{n:03}d.docx"]
    with open_tools(sys.executable) as tools:
        tools.print_pages([path for path in paths if path.suffix[1:] in tools.prints], folder)


def cells_of(record: Mapping[str, Any]) -> dict[str, str | None]:
    """A record → path → what its cell says, an amount in yuan."""
    found: dict[str, str | None] = {}

    def take(value: Any, path: str) -> None:
        if isinstance(value, dict) and "yuan" not in value:
            for key, inner in value.items():
                take(inner, f"{path}.{key}" if path else key)
        elif value is not None:
            found[path] = str(value["yuan"] or value["figure"]) if isinstance(value, dict) else str(value)

    take({key: record[key] for key in ("disclosure", "requests", "review_litigation") if record.get(key)}, "")
    return found


def score(path: Path, told: Mapping[str, Any]) -> Counter[str]:
    """A document and its gold → what came of it."""
    counts = Counter(reports=1, sound=int(told["holds"]))
    try:
        found = extract(path, "rules")
    except InputError as error:
        print(error)
        return counts
    gold, record = cells_of(told["gold"]), cells_of(found.report.model_dump() if found.report else {})
    vouched = {p for p, evidence in found.evidence.items() if evidence.trust == "vouched"}
    wrong = {p for p in vouched if record.get(p) != gold.get(p)}
    is_whole = found.status != "unresolved"
    counts += Counter(whole=int(is_whole), sound_whole=int(is_whole and told["holds"]), silent=int(bool(wrong)))
    counts += Counter(cells=len(found.evidence), vouched=len(vouched), wrong=len(wrong))
    return counts


def tell(folder: Path) -> None:
    """Print a line for each kind of document."""
    print(
        f"{'document':20} {'vouched for as a whole':>24} {'where sums hold':>20} {'cells vouched for':>26} {'wrong of these':>15}"
    )
    for kind, ending in KINDS.items():
        counts: Counter[str] = Counter()
        for path in sorted(folder.glob(f"*{ending}")):
            counts += score(path, json.loads((folder / f"{path.name[:3]}.gold.json").read_text(encoding="utf-8")))
        if counts["reports"]:
            shares = [("whole", "reports", 24), ("sound_whole", "sound", 20), ("vouched", "cells", 26)]
            shown = "".join(f" {_share(counts[a], counts[b]):>{width}}" for a, b, width in shares)
            print(f"{kind:20}{shown} {counts['wrong']:>15,}")


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}, {100 * part / max(1, whole):.1f} %"


# --- Time and memory --------------------------------------------------------------------------------------------------


def _made(paths: list[Path]) -> None:
    for path in paths:
        decode(path.read_bytes(), path.name)


def _read(paths: list[Path]) -> None:
    for path in paths:
        extract(path, "rules")


def _plumbed(paths: list[Path]) -> None:
    for path in paths:
        with import_module("pdfplumber").open(path) as pdf:
            for page in pdf.pages:
                page.extract_tables(), page.extract_words()


def _texts(paths: list[Path]) -> None:
    for path in paths:
        subprocess.run(["pdftotext", "-layout", str(path), "-"], stdout=subprocess.DEVNULL, check=True)


WORK: dict[str, Callable[[list[Path]], None]] = {
    "pdftotext -layout": _texts,
    "text and tables, by pypdfium2": _made,
    "the whole reading": _read,
    "tables and words, by pdfplumber": _plumbed,
}


def bench(folder: Path) -> None:
    """Print what each way takes for a page, in time of the processor, and at most of memory; each in a process of its own."""
    if not shutil.which("pdftotext"):
        return
    paths = sorted(folder.glob("*.pdf"))[:40]
    pages = sum(decode(path.read_bytes(), path.name).info.pages or 0 for path in paths)
    first = 0.0
    print(f"\n{pages} pages of {len(paths)} files\n{'':34} {'ms a page':>10} {'ratio':>7} {'MB':>6}")
    for name in WORK:
        call = [sys.executable, "-m", "tests.tools.documents", "--work", name, *map(str, paths)]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name:34} {done.stderr.strip().splitlines()[-1]}")
            continue
        seconds, megabytes = map(float, done.stdout.split())
        first = first or seconds
        print(f"{name:34} {1000 * seconds / pages:>10.1f} {seconds / first:>7.1f} {megabytes:>6.0f}")


def _spent(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def work(name: str, paths: list[Path]) -> None:
    """Do one thing with files, and print its seconds, without those for a first file, and its megabytes."""
    who = resource.RUSAGE_CHILDREN if name.startswith("pdftotext") else resource.RUSAGE_SELF
    WORK[name](paths[:1])
    before = _spent(who)
    WORK[name](paths)
    print(_spent(who) - before, resource.getrusage(who).ru_maxrss / 1024)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--work"]:
        work(arguments[1], [Path(path) for path in arguments[2:]])
        return
    count = int(arguments[0]) if arguments else 50
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(arguments[1]) if len(arguments) > 1 else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("*.gold.json")):
            make(folder, count)
        tell(folder)
        bench(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
