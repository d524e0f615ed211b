"""Pictures: pages that were scanned are read by OCR, and what no sum watches over is in doubt."""

import io
import json
from itertools import chain, product
from pathlib import Path
from random import Random

import pytest
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from nianbao.pipeline.language import speaking, told
from nianbao.pipeline.record.watched import watched
from nianbao.pipeline.source.decode import decode
from nianbao.pipeline.source.ocr.engine import engine_name
from nianbao.schemas.extraction import Extraction
from nianbao.schemas.form import Identity
from PIL import Image

from .tools.documents import cells_of

SCANS = Path(__file__).parent / "scans"
GOLD = json.loads((SCANS / "gold.json").read_text(encoding="utf-8"))
"""A made-up report as a browser prints it, at 200 dpi, black and white; and what it prints."""


def page(number: int, tilt: float = 0.0) -> Image.Image:
    return Image.open(SCANS / f"{number}.png").convert("L").rotate(tilt, Image.Resampling.BICUBIC, fillcolor=255)


def file_of(pages: list[Image.Image], kind: str) -> bytes:
    packed = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(packed, kind, resolution=200, quality=80, **more)
    return packed.getvalue()


def vouched(found: Extraction) -> set[str]:
    return {path for path, cell in found.evidence.items() if cell.trust == "vouched"}


@pytest.fixture(scope="module")
def scanned() -> Extraction:
    return extract(file_of([page(1), page(2)], "PDF"))


def test_a_scan_is_read(scanned: Extraction) -> None:
    """A PDF of images: every cell is as printed; what sums watch over is vouched for, and the rest in doubt, as the record says."""
    assert (scanned.source.kind, scanned.source.pages) == ("pdf", 2)
    assert (scanned.source.extractor or "").endswith(f", {engine_name()}")
    assert scanned.report is not None
    assert cells_of(scanned.report.model_dump()) == cells_of(GOLD)
    assert (scanned.report.agency, scanned.report.year) == ("广平县教育局", 2020)
    assert scanned.status == "unresolved"
    assert len(vouched(scanned)) > 150
    assert {path.partition(".")[0] for path in vouched(scanned)} == {"requests", "review_litigation"}
    doubts = {doubt.paths[0].partition(".")[0]: doubt for doubt in scanned.doubts}
    assert {doubt.reason for doubt in scanned.doubts} == {"read_by_ocr"}
    assert {p for doubt in scanned.doubts for p in doubt.paths} == scanned.evidence.keys() - vouched(scanned)
    assert doubts["disclosure"].choices[0].values["disclosure.licensing.decisions"] == int(
        GOLD["disclosure"]["licensing"]["decisions"]
    )
    message = next(f.message for f in scanned.findings if f.code == "read_by_ocr")
    with speaking("en"):
        assert told(message).startswith("of “二、主动公开政府信息情况” 22 cells were read by OCR")


def test_a_tilted_picture_leads_back_to_its_places() -> None:
    """JPEG, askew: the cells are as printed, and each box is around what is drawn there on the page as it is."""
    tilted = page(1, tilt=1.5)
    data = file_of([tilted], "JPEG")
    source, found = decode(data, "a"), extract(data)
    assert (found.source.kind, found.source.pages, found.source.extractor) == ("image", 1, engine_name())
    assert found.report is not None
    said, gold = cells_of(found.report.model_dump()), cells_of(GOLD)
    read = {path: cell for path, cell in found.evidence.items() if cell.start is not None}
    assert len(read) > 100
    assert {path: said.get(path) for path in read} == {path: gold.get(path) for path in read}
    points = 842 / max(tilted.size)
    for cell in read.values():
        assert cell.box is not None
        assert source.text[cell.start : cell.end] == cell.text
        left, top, right, bottom = (round(side / points) for side in cell.box)
        assert min(tilted.crop((left, top, right, bottom)).tobytes()) < 128


def test_what_ocr_cannot_read_is_not_vouched_for(scanned: Extraction) -> None:
    """A figure that is painted over: its sums say so, and no cell is vouched for with what is not printed."""
    picture = page(1)
    cell = scanned.evidence["requests.received.total"]
    assert cell.box is not None
    left, top, right, bottom = (round(side * 200 / 72) for side in cell.box)
    picture.paste(0, (left, (top + bottom) // 2, right, bottom))
    found = extract(file_of([picture, page(2)], "PDF"))
    assert found.report is not None
    said, gold = cells_of(found.report.model_dump()), cells_of(GOLD)
    assert {path for path in vouched(found) if said.get(path) != gold.get(path)} == set()
    assert "requests.received.total" not in vouched(found)


REFUSED = {
    "broken": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a broken or huge image ("),
    "cut off": (file_of([page(2)], "JPEG")[:5000], "a broken or huge image (image file is truncated"),
    "huge": (
        file_of([Image.new("1", (30_000, 30_000))], "PNG"),
        "a broken or huge image (Image size (900000000 pixels)",
    ),
    "without text": (file_of([Image.new("L", (800, 600), 255)], "PNG"), "the document shows no text;"),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_pictures_that_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as raised:
        extract(data, name="a")
    assert str(raised.value).startswith(f"a: {said}")


# --- What sums watch over ---------------------------------------------------------------------------------------------


def rule(left: str, right: str) -> Identity:
    return Identity(f"{left}={right}", "", tuple(left), tuple(right))


ROWS = [rule("ab", "c"), rule("de", "f"), rule("ad", "g"), rule("be", "h"), rule("cf", "i"), rule("gh", "i")]
"""A table of two rows and two columns, with their totals."""


def test_what_is_watched() -> None:
    """A figure that must be wrong wherever it stands for its sum to hold is in doubt; blanks and zeros alone watch over nothing."""
    one = [rule("ab", "c")]
    assert watched({"a": 7, "b": 2, "c": 9}, one) == {"a", "b", "c"}
    assert watched({"a": 7, "b": 0, "c": 7}, one) == {"b"}
    assert watched({"a": 11, "b": 24, "c": 35}, one) == {"a", "b", "c"}
    assert watched({"a": 0, "b": 0, "c": 0}, one) == set()
    assert watched({"a": 7, "b": None, "c": 7}, one) == set()
    assert watched({"a": 7, "b": 2, "c": 8}, one) == set()
    assert watched({"a": 7, "d": 2}, one) == set()


def misread(text: str, kind: tuple[str, str]) -> set[int]:
    """What a figure may have been, where each of its stretches that reads the one may have been the other."""
    read, printed = kind
    parts = text.split(read)
    every = product((read, printed), repeat=len(parts) - 1)
    whole = ("".join(chain.from_iterable(zip(("", *chosen), parts, strict=True))) for chosen in every)
    return {int(w) for w in whole if w and not (len(w) > 1 and w[0] == "0")}


KINDS = [(a, b) for a in "0123" for b in "0123456789" if a != b] + [k for d in "0123" for k in ((d, 2 * d), (2 * d, d))]


def test_no_consistent_misreading_goes_unnoticed() -> None:
    """The law: whatever one digit was taken for, wherever, while every sum holds, the figures that it changes are not watched."""
    rng = Random("watched")
    seen = 0
    for _ in range(40):
        a, b, d, e = (rng.choice((0, 0, 1, 2, 3, 10, 11, 12, 20, 21, 33)) for _ in range(4))
        counts = dict(zip("abdecfghi", (a, b, d, e, a + b, d + e, a + d, b + e, a + b + d + e), strict=True))
        sure = watched(counts, ROWS)
        seen += len(sure)
        for kind in KINDS:
            ways = {path: misread(str(count), kind) for path, count in counts.items()}
            for w, x, y, z in product(*(ways[path] for path in "abde")):
                other = dict(zip("abdecfghi", (w, x, y, z, w + x, y + z, w + y, x + z, w + x + y + z), strict=True))
                if all(other[path] in ways[path] for path in other):
                    changed = {path for path in other if other[path] != counts[path]}
                    assert not changed & sure, (counts, kind, other)
    assert seen > 40
