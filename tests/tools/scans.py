"""How scanned pages are read: python -m tests.tools.scans FOLDER [PER_LOOK]

The PDF files that tests.tools.documents left in FOLDER are rendered as images, so many for each look, good and bad, and held against what
they print: how many cells are read right, how many are vouched for, and how many of these are wrong. Seconds are of the processor.
"""

import io
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pypdfium2
from nianbao.pipeline.errors import InputError
from nianbao.pipeline.extract import extract
from PIL import Image, ImageFilter

from .documents import cells_of


class Look(NamedTuple):
    """How a page is scanned. tilt: in degrees; noise: its deviation, of 255 shades; blur: its radius, in pixels."""

    dpi: int
    tilt: float = 0.0
    noise: float = 0.0
    blur: float = 0.0


LOOKS = {
    "200 dpi": Look(200),
    "300 dpi": Look(300),
    "200 dpi, askew": Look(200, tilt=1.3),
    "200 dpi, noisy, askew": Look(200, tilt=0.4, noise=18, blur=0.8),
    "150 dpi, noisy": Look(150, noise=6, blur=0.6),
    "110 dpi, noisy, askew": Look(110, tilt=-0.7, noise=8, blur=0.5),
}


def scan(path: Path, look: Look, seed: int) -> bytes:
    """A PDF file → a PDF of images of its pages, as JPEG."""
    random = np.random.default_rng(seed)
    pages = []
    for page in pypdfium2.PdfDocument(path):
        image = Image.fromarray(page.render(scale=look.dpi / 72, grayscale=True).to_numpy().copy())
        image = image.rotate(look.tilt * (-1) ** seed, Image.Resampling.BICUBIC, fillcolor=255)
        shades = np.asarray(image.filter(ImageFilter.GaussianBlur(look.blur))).astype(float)
        if look.noise:
            shades = 0.85 * shades + 25 + random.normal(0, look.noise, shades.shape)
        pages.append(Image.fromarray(shades.clip(0, 255).astype("uint8")))
    packed = io.BytesIO()
    pages[0].save(packed, "PDF", save_all=True, append_images=pages[1:], resolution=look.dpi, quality=80)
    return packed.getvalue()


def score(data: bytes, gold: Mapping[str, Any]) -> dict[str, float]:
    """A scan and what it prints → what came of it."""
    began = time.process_time()
    try:
        found = extract(data, "rules")
    except InputError:
        return {"reports": 1, "refused": 1}
    said = cells_of(found.report.model_dump()) if found.report else {}
    sure = {p for p, cell in found.evidence.items() if cell.trust == "vouched"}
    return {
        "reports": 1,
        "pages": found.source.pages or 0,
        "seconds": time.process_time() - began,
        "cells": len({*gold, *found.evidence}),
        "right": sum(said.get(p) == gold.get(p) for p in {*gold, *found.evidence}),
        "vouched": len(sure),
        "silent": sum(said.get(p) != gold.get(p) for p in sure),
    }


def main(arguments: list[str]) -> None:
    folder, count = Path(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 8
    paths = sorted(folder.glob("*.pdf"))
    paths = [path for i, path in enumerate(paths) if i % 4 in (0, 3)]
    heads = ("reports", "refused", "cells", "right", "vouched", "silent", "s a page")
    print(f"{'':24}" + "".join(f"{head:>10}" for head in heads))
    for n, (name, look) in enumerate(LOOKS.items()):
        counts: defaultdict[str, float] = defaultdict(float)
        for seed, path in enumerate(paths[n * count : (n + 1) * count]):
            told = json.loads((folder / f"{path.name[:3]}.gold.json").read_text(encoding="utf-8"))
            for head, more in score(scan(path, look, seed), cells_of(told["gold"])).items():
                counts[head] += more
        shown = [f"{counts[head]:>10,.0f}" for head in heads[:-1]]
        print(f"{name:24}{''.join(shown)}{counts['seconds'] / max(1, counts['pages']):>10.1f}", flush=True)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most")


if __name__ == "__main__":
    main(sys.argv[1:])
