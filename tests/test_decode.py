"""Bytes in the encodings that reports come in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.source.decode import MAX_BYTES, MAX_LINES, decode, fold

from nianbao import InputError, extract


@pytest.mark.parametrize(
    ("codec", "called"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_encodings(sample: Any, codec: str, called: str) -> None:
    """The text comes back exactly, and the encoding given decodes the same bytes to it."""
    text = sample.text.replace("\xa0", " ").replace("\u2003", " ")
    data = text.encode(codec)
    source = decode(data, "a")
    assert (source.encoding, source.text) == (called, text)
    assert data.decode(source.encoding) == source.text
    assert extract(data).report == sample.extraction.report


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        ("　\n".encode(), "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "image"),
        (b"PK\x03\x04" + bytes(range(256)), "broken Word"),
        (b"\0" * 5000, "binary"),
        ("政府信息公开工作年度报告，".encode() * 40 + b"\xff\xfe\x80" + "第二部分".encode() * 40, "broken utf-8"),
        ("政府信息公开工作年度报告，".encode("gb18030") * 40 + b"\xff\x80", "gb18030|encoding"),
        (b"0" * (MAX_BYTES + 1), "limit"),
        (b"0\n" * (MAX_LINES + 1), "limit"),
    ],
)
def test_unusable_bytes(data: bytes, says: str) -> None:
    """Bytes that are no text are refused with the name, what was found, and what to do."""
    with pytest.raises(InputError, match=rf"^file\.txt: .*({says}).*;"):
        decode(data, "file.txt")


def test_lone_surrogates_are_refused() -> None:
    """Text that no encoding can hold is an input error, not a crash."""
    with pytest.raises(InputError, match="surrogate"):
        extract("政府信息公开\ud800")


@given(st.text())
def test_folding_keeps_offsets(text: str) -> None:
    """Folding changes characters one for one, and twice is the same as once."""
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("（１２）", "(12)"),
        ("上　年", "上 年"),
        ("a\r\nb\rc\fd", "a \nb\nc\nd"),
        ("－３－", "-3-"),
        ("⽂件", "文件"),
        ("①〔x〕", "①(x)"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded
