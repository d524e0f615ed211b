"""RapidOCR (extra `ocr`): where text stands in a picture, and what a line of it says. Its models are in its wheel: nothing is fetched."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import Any, NamedTuple

from ..pdf.grid import Box

INSTALL = "pip install '.[ocr]'"
_ONE_AT_A_TIME = Lock()
"""The engine keeps what a call is to do in itself."""
_SETTINGS = {
    "Global.log_level": "error",
    "Global.text_score": 0.0,
    "Det.limit_type": "max",
    "Det.limit_side_len": 1280,
    "Rec.rec_img_shape": [3, 48, 48],  # a lone digit is not padded to the width of a line
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # reports are read side by side, each in a process
}


class Character(NamedTuple):
    """A character of a line, and where its middle stands, as a share of the line's width."""

    text: str
    at: float


def engine_name() -> str | None:
    """The engine with its version, `rapidocr 3.10.0`; None where it is not installed."""
    try:
        return f"rapidocr {version('rapidocr')}" if version("onnxruntime") else None
    except PackageNotFoundError:
        return None


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params=_SETTINGS)


def find_lines(image: Any) -> list[Box]:
    """A picture (grey: height × width) → the boxes of its lines of text, in its pixels."""
    with _ONE_AT_A_TIME:
        found = _engine()(_coloured(image), use_det=True, use_cls=False, use_rec=False).boxes
    corners = [] if found is None else found.tolist()
    return [
        (min(x for x, _ in box), min(y for _, y in box), max(x for x, _ in box), max(y for _, y in box))
        for box in corners
    ]


def read_line(image: Any, margin: int) -> list[Character]:
    """The picture of one line (grey: height × width), to be read with some white around it → its characters from left to right."""
    import numpy as np

    padded = np.pad(image, margin, constant_values=int(image.max()))
    with _ONE_AT_A_TIME:
        found = _engine()(_coloured(padded), use_det=False, use_cls=False, use_rec=True, return_word_box=True)
    return list(_characters(found.word_results[0], padded.shape[1], margin))


def _characters(line: Any, width: int, margin: int) -> Iterator[Character]:
    texts = [text for word in line.words for text in word]
    columns = [column for word in line.word_cols for column in word]
    for text, column in zip(texts, columns, strict=True):
        if not text.isspace():
            at = ((column + 0.5) / line.line_txt_len * width - margin) / (width - 2 * margin)
            yield Character(text, min(1.0, max(0.0, at)))


def _coloured(image: Any) -> Any:
    import numpy as np

    return np.repeat(image[:, :, None], 3, axis=2)
