"""The bytes of a PDF → its text, by pypdfium2: no script is run, no link followed, nothing fetched."""

from importlib.metadata import version
from threading import Lock

from ...errors import InputError
from ..made import Made, Places
from ..marks import UNKNOWN
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
            sheets = [_read(document, number) for number in range(len(document))]
        finally:
            document.close()
    glyphs = [glyph.text for sheet in sheets for glyph in sheet.glyphs]
    if not glyphs:
        raise InputError(f"{name}: {len(sheets):,} pages without text: they are images; give a text that an OCR made")
    if 2 * glyphs.count(UNKNOWN) > len(glyphs):
        raise InputError(
            f"{name}: fonts that do not say which characters they draw; give another file, or a text that an OCR made"
        )
    text = flow(sheets)
    return Made(
        "pdf",
        "".join(text.marked),
        f"pypdfium2 {version('pypdfium2')}",
        pages=len(sheets),
        places=Places(text.pages, text.boxes),
        has_images=any(sheet.is_image for sheet in sheets),
    )


def _read(document: "object", number: int) -> Sheet:
    import pypdfium2

    try:
        page = document[number]  # type: ignore[index]
    except pypdfium2.PdfiumError:  # a page that is broken shows nothing; what it held is missed by the reader
        return Sheet(0, 0)
    try:
        return read_page(page)
    finally:
        page.close()
