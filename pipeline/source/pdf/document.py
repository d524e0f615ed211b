"""The bytes of a PDF → its text, by pypdfium2: no script is run, no link followed, nothing fetched."""

from importlib.metadata import version
from threading import Lock
from typing import Any

from ...errors import InputError
from ..made import Made, Places
from ..marks import UNKNOWN
from ..ocr.engine import INSTALL, engine_name
from .blocks import is_bare
from .flow import flow
from .page import Sheet, read_page

MAX_PAGES = 500
"""A longer document is refused: reports have some ten pages."""
_ONE_AT_A_TIME = Lock()
"""The library is not safe in threads."""
_WHY = {
    3: "a broken PDF file; fetch it again, or open it and print it as PDF",
    4: "an encrypted PDF file; open it with its password, and print it as PDF",
    5: "a PDF file under a protection that cannot be read; open it, and print it as PDF",
}


def read_pdf(data: bytes, name: str) -> Made:
    """The bytes of a PDF file → its text; raises InputError where it is broken, encrypted, too long, or shows no text."""
    import pypdfium2

    engine = engine_name()
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            why = _WHY.get(getattr(error, "err_code", 3), _WHY[3])
            raise InputError(f"{name}: {why}") from error
        try:
            if len(document) > MAX_PAGES:
                raise InputError(
                    f"{name}: {len(document):,} pages, more than the limit of {MAX_PAGES:,}; split it into single reports"
                )
            sheets = [_read(document, number, engine is not None) for number in range(len(document))]
        finally:
            document.close()
    recognised = frozenset(number for number, sheet in enumerate(sheets) if sheet.is_recognised)
    glyphs = [glyph.text for sheet in sheets for glyph in sheet.glyphs]
    if not glyphs and engine is None and any(sheet.is_image for sheet in sheets):
        raise InputError(
            f"{name}: {len(sheets):,} pages without text: they are images; to read them, install the engine: {INSTALL}"
        )
    if not glyphs:
        raise InputError(f"{name}: {len(sheets):,} pages without text; give another file, or a text that an OCR made")
    if 2 * glyphs.count(UNKNOWN) > len(glyphs):
        raise InputError(
            f"{name}: fonts that do not say which characters they draw; give another file, or a text that an OCR made"
        )
    text = flow(sheets)
    return Made(
        "pdf",
        "".join(text.marked),
        f"pypdfium2 {version('pypdfium2')}" + (f", {engine}" if recognised else ""),
        pages=len(sheets),
        places=Places(text.pages, text.boxes),
        has_images=any(sheet.is_image for sheet in sheets),
        recognised=recognised,
    )


def _read(document: "object", number: int, has_engine: bool) -> Sheet:
    import pypdfium2

    try:
        page = document[number]  # type: ignore[index]
    except pypdfium2.PdfiumError:  # a page that is broken shows nothing; what it held is missed by the reader
        return Sheet(0, 0)
    try:
        sheet = read_page(page)
        return _recognised(page) if has_engine and sheet.is_image and is_bare(sheet) else sheet
    finally:
        page.close()


def _recognised(page: Any) -> Sheet:
    """A page as it is displayed, read as a picture."""
    from ..ocr.picture import SCALE
    from ..ocr.recognise import recognise

    bitmap = page.render(scale=SCALE, grayscale=True)
    try:
        return recognise(bitmap.to_numpy().copy())
    finally:
        bitmap.close()
