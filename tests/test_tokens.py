"""Tokens: the words, numbers and blanks of a table, each a stretch of the source, with the place where its line puts it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.source.decode import from_text
from nianbao.pipeline.table.tokens import Token, tokenize


def tokens_of(text: str) -> tuple[Token, ...]:
    source = from_text(text, "text")
    return tokenize(source, 0, len(source.folded))


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("规章\t0\t/", "words 规章, number 0, blank /"),
        ("规章000规范性文件666", "words 规章, number 000, words 规范性文件, number 666"),
        ("| 规章 | 4 |  | 0 |", "words 规章, number 4, blank , number 0"),
        ("1.属于国家秘密\t0", "words 1.属于国家秘密, number 0"),
        ("行政许可\t-417\t＋21\t减3", "words 行政许可, number -417, number ＋21, number 减3"),
        ("行政事业性收费\t1,700.35 万元", "words 行政事业性收费, number 1,700.35 万元"),
        ("规范性文件\t22（其中修订16件）", "words 规范性文件, number 22（其中修订16件）"),
        ("政府集中采购  21  780877.39 元", "words 政府集中采购, number 21, number 780877.39 元"),
        ("行政许可\t无\t—\t&nbsp;", "words 行政许可, blank 无, blank —, blank &nbsp;"),
        ("- 3 -", "page - 3 -"),
        ("第 4 页 共 9 页", "page 第 4 页 共 9 页"),
        ("|---|---:|", ""),
        ("截至2023年12月31日\t0", "words 截至2023年12月31日, number 0"),
    ],
)
def test_kinds(line: str, kinds: str) -> None:
    """What each field of a line is; a digit beside a Chinese character is a border between tokens."""
    assert ", ".join(f"{t.kind} {t.text}" for t in tokens_of(f"{line}\n{line}") if t.line == 0) == kinds


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("甲\t1\t\t3\n乙\t4\t5\t6", "cells 0-0, cells 1-1, cells 2-2, cells 3-3, cells 0-0, cells 1-1, cells 2-2, cells 3-3"),
        ("| 甲 | 1 |\n| 乙 | 2 |", "cells 0-0, cells 1-1, cells 0-0, cells 1-1"),
        ("甲     1    2", "space 0-1, space 7-7, space 12-12"),
        ("甲\n1\n2", "order 0-1, order 0-0, order 0-0"),
    ],
)  # fmt: skip
def test_places(text: str, places: str) -> None:
    """Cells between separators have columns, words set in space have half characters, else there is order alone."""
    assert ", ".join(f"{t.layout} {t.first}-{t.last}" for t in tokens_of(text)) == places


@given(st.text(alphabet="规章许可 \t\n|0123456789,.-/（）件无年月+—", max_size=80))
def test_a_token_is_a_stretch_of_the_source(text: str) -> None:
    """Whatever the text: each token is what stands in its place, they follow each other, and no digit is lost."""
    if not text.strip():
        return
    source = from_text(text, "text")
    tokens = tokenize(source, 0, len(source.folded), first_id=7)
    assert [t.text for t in tokens] == [source.shown[t.start : t.end] for t in tokens]
    assert [t.id for t in tokens] == list(range(7, 7 + len(tokens)))
    assert all(a.end <= b.start for a, b in pairwise(tokens))
    covered = {at for t in tokens for at in range(t.start, t.end)}
    assert [c for at, c in enumerate(source.folded) if c.isdigit() and at not in covered] == []
