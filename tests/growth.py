"""Is every step linear in the text? Hostile texts, and texts twice as long; the work is counted, not timed: python -m tests.growth --help.

Counted are the calls that the program's own modules make, and of a call that goes through a string, the length of that string. What a
pattern does within one call is counted by `tests.patterns`.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from nianbao.eval.dataset import SAMPLES, load_dataset

from nianbao import InputError, extract

ROOT = Path(__file__).parent.parent
FOLDERS = tuple(f"{ROOT / folder}/" for folder in ("nianbao", "pipeline", "schemas"))
GROWTH = 2.5
"""Of the work, at most, where a text is twice as long."""
_THROUGH = frozenset(
    ("split", "splitlines", "replace", "translate", "count", "partition", "casefold", "lower", "encode")
)
"""Calls on a string that go through all of it."""
_AT_ONCE = 64
"""So many characters count as a call."""

DISCLOSURE = "二、主动公开政府信息情况\n第二十条第（一）项\n信息内容\t本年制发件数\t本年废止件数\t现行有效件数\n"
REQUESTS = (
    "三、收到和处理政府信息公开申请情况\n申请人情况 自然人 商业企业 科研机构 社会公益组织 法律服务机构 其他 总计\n"
)
FRAMES = {
    "bare": "{}",
    "disclosure": DISCLOSURE + "{}",
    "requests": REQUESTS + "{}",
    "prose": "一、总体情况\n{}\n" + DISCLOSURE,
    "page": "<html><body><table><tr><td><p>{}",
}
"""Where a hostile line stands."""
UNITS = (
    "0 ", "0\n", "0\t", "0|", "(", "（）", "((((1", "一、", "规章", "规章\n", "规章 0 0 0\n", "本年新收政府信息公开申请数量",
    "本年新收政府信息公开申请数量\n", "三、收到和处理政府信息公开申请情况\n", "2023年", "1,000,", "-", "- 1 -\n", " ", "\n", "\t",
    "政府信息公开工作年度报告\n", "20年1月", "某县政府信息公开", "12月31日", "一是", "\r", "　", "0.", "+1", "|---", "无 ", "2024-01-01\n",
    "五、存在的主要问题及改进情况\n改进措施\n一是x。\n", "| - ", "政 府 ", "#", "  \n", "1 1 1 1 1 1 1\n", "( ", "年", "2019", "\\", "*", "|\n",
    "a,b,c\n", "1,2,3,4,5,6,7\n", "第1页\n", "单位:元 ", "（单位：万元）", "其他\n", "总计", "（一）予以公开", "0/0", "^", "..", "12 34 ", "/\n",
    "件", "十万", "自然人 商业企业 科研机构\n", "一、本年新收政府信息公开申请数量 1 1 1 1 1 1 1\n",
    "<", "<!--", "<a ", "<td>", "</", "<tr><td>0", '<a x="', "<title>", "<table>", "&nbsp;", "&#0;", "<script>", "<p><div>",
)  # fmt: skip
"""What a hostile line repeats."""


def texts(step: int = 1) -> Iterator[tuple[str, str, str]]:
    """Names of a frame and a unit, and the frame; every step-th, by turns, so that each unit and each frame has some."""
    every = [(name, unit, frame) for unit in UNITS for name, frame in FRAMES.items()]
    yield from every[::step]


def made(unit: str, frame: str, characters: int) -> str:
    return frame.format(unit * (characters // len(unit)))


def work(text: str) -> int:
    """How much is done to read a text: calls, and the strings gone through."""
    count = 0

    def called(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if event == "call" and frame.f_code.co_filename.startswith(FOLDERS):
            count += 1
        elif event == "c_call" and frame.f_code.co_filename.startswith(FOLDERS):
            through = getattr(argument, "__self__", None)
            is_long = isinstance(through, str) and argument.__name__ in _THROUGH
            count += 1 + (len(through) // _AT_ONCE if is_long else 0)  # type: ignore[arg-type]

    sys.setprofile(called)
    try:
        with contextlib.suppress(InputError):
            extract(text)
    finally:
        sys.setprofile(None)
    return count


@cache
def least() -> int:
    """The work that a genuine report takes: what takes less is no matter, however it grows."""
    return work(load_dataset(SAMPLES).cases[4].text)


def growth(unit: str, frame: str, characters: int) -> float:
    """Of the work, where the text is twice as long."""
    one, two = (work(made(unit, frame, n)) for n in (characters, 2 * characters))
    return two / max(one, least())


def main() -> int:
    """0 if the work of every text grows as the text does, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    parser.add_argument("--characters", type=int, default=20_000, metavar="N", help="of a text; then twice as many")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every N-th text")
    wanted = parser.parse_args()
    found = [(growth(u, f, wanted.characters), name, u) for name, u, f in texts(wanted.every)]
    bad = [line for line in found if line[0] > GROWTH]
    worst = max(found)
    print(
        f"hostile texts tried: {len(found):,}, of {wanted.characters:,} characters and of twice as many;"
        f" greatest growth of work: {worst[0]:.2f} ({worst[1]}, {worst[2]!r}); above {GROWTH}: {len(bad)}"
    )
    for ratio, name, unit in bad:
        print(f"{name} {unit!r}: work grows by {ratio:.2f}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
