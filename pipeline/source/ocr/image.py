"""The bytes of a picture (PNG, JPEG, TIFF) → its text, by OCR."""

import io
import warnings
from collections.abc import Iterator
from typing import Any

from ...errors import InputError
from ..made import Made, Places
from ..pdf.flow import flow
from .engine import INSTALL, engine_name
from .picture import DPI

_LONG_SIDE = round(DPI * 842 / 72)
"""Of A4, in pixels; a picture does not say of how large a page it is."""


def read_image(data: bytes, name: str) -> Made:
    """The bytes of a picture → its text; raises InputError where it is broken or huge, or the engine is not installed."""
    engine = engine_name()
    if engine is None:
        raise InputError(f"{name}: an image; to read it, install the engine: {INSTALL}")
    from .recognise import recognise

    sheets = [recognise(grey) for grey in _pages(data, name)]
    text = flow(sheets)
    return Made(
        "image",
        "".join(text.marked),
        engine,
        pages=len(sheets),
        places=Places(text.pages, text.boxes),
        has_images=True,
        recognised=frozenset(range(len(sheets))),
    )


def _pages(data: bytes, name: str) -> Iterator[Any]:
    """The pages of a picture, each grey (height × width), as large as A4 at `DPI`."""
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a picture that is huge
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as image:
                for page in ImageSequence.Iterator(image):
                    upright = ImageOps.exif_transpose(page).convert("RGBA")
                    paper = Image.new("RGBA", upright.size, "white")
                    paper.alpha_composite(upright)
                    size = _LONG_SIDE / max(upright.size)
                    whole = (max(1, round(upright.width * size)), max(1, round(upright.height * size)))
                    yield np.array(paper.convert("L").resize(whole, Image.Resampling.LANCZOS))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
            said = " ".join(str(error).split())[:200] or type(error).__name__
            raise InputError(
                f"{name}: a broken or huge image ({said}); scan the page again, at 200 to 300 dpi"
            ) from error
