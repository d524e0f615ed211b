"""A pattern run as `re` runs it, with its steps counted.

`re` tries one alternative after the other and goes back where one fails. Here the same is done over a small program: a stack of the
places still to be tried, and a count of how often something was looked at.
"""

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Test = Callable[[str], bool]
_UNBOUNDED = 100
"""A repetition of more is as good as without end."""
_CATEGORIES = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction. what: "char", "split", "mark", "moved", "at", "look", "whole", "same", "save" or "end"; to: where it goes on, in order of trial."""

    what: str
    to: tuple[int, ...] = ()
    test: Test | None = None
    inner: int = -1
    group: int = 0
    back: int = 0
    negated: bool = False


class Program:
    """A pattern as instructions. `steps` counts what `re` would look at."""

    def __init__(self, pattern: str, flags: int) -> None:
        tree = parser.parse(pattern, flags)
        self.tree, self.flags = tree, flags | tree.state.flags
        self.code: list[Step] = []
        self.begin = self._sequence(list(tree), self._add(Step("end")))

    def steps(self, text: str, *, everywhere: bool, most: int) -> int:
        """How often something is looked at until a match is found or none is, from the start or from everywhere in turn; at most so many."""
        count, at = 0, 0
        while at <= len(text):
            took, end = self._run(self.begin, text, at, (), most - count)
            count += took
            if count >= most or not everywhere:
                break
            at = max(end, at + 1) if end is not None else at + 1
        return count

    def _run(self, begin: int, text: str, start: int, saved: tuple[Any, ...], most: int) -> tuple[int, int | None]:
        count = 0
        stack: list[tuple[int, int, tuple[Any, ...]]] = [(begin, start, saved)]
        while stack and count < most:
            here, at, saved = stack.pop()
            step = self.code[here]
            count += 1
            if step.what == "end":
                return count, at
            if step.what == "char":
                if at < len(text) and step.test is not None and step.test(text[at]):
                    stack.append((step.to[0], at + 1, saved))
            elif step.what == "split":
                for to in reversed(step.to):
                    stack.append((to, at, saved))
            elif step.what in ("save", "mark"):
                stack.append((step.to[0], at, _with(saved, step.group, at)))
            elif step.what == "moved":
                if dict(saved).get(step.group) != at:
                    stack.append((step.to[0], at, saved))
            elif step.what == "at":
                if step.test is not None and step.test(
                    text[max(0, at - 1) : at] + "\0" + text[at : at + 1] + "\0" * (at == len(text))
                ):
                    stack.append((step.to[0], at, saved))
            elif step.what == "same":
                found = dict(saved)
                word = text[found.get(2 * step.group, 0) : found.get(2 * step.group + 1, 0)]
                if text.startswith(word, at):
                    stack.append((step.to[0], at + len(word), saved))
            elif at - step.back >= 0:  # look, whole
                took, end = self._run(step.inner, text, at - step.back, saved, most - count)
                count += took
                if step.what == "whole" and end is not None:
                    stack.append((step.to[0], end, saved))
                elif step.what == "look" and (end is None) == step.negated:
                    stack.append((step.to[0], at, saved))
            elif step.negated:
                stack.append((step.to[0], at, saved))
        return count, None

    # --- Tree → instructions, from behind ---------------------------------------------------------------------------------

    def _add(self, step: Step) -> int:
        self.code.append(step)
        return len(self.code) - 1

    def _sequence(self, nodes: Sequence[Any], then: int) -> int:
        for op, argument in reversed(nodes):
            then = self._node(op, argument, then)
        return then

    def _node(self, op: Any, argument: Any, then: int) -> int:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return self._add(Step("char", (then,), test_of(op, argument, self.flags)))
        if op is sre.BRANCH:
            return self._add(Step("split", tuple(self._sequence(list(branch), then) for branch in argument[1])))
        if op is sre.SUBPATTERN:
            group = argument[0]
            if group is None:
                return self._sequence(list(argument[3]), then)
            end = self._add(Step("save", (then,), group=2 * group + 1))
            return self._add(Step("save", (self._sequence(list(argument[3]), end),), group=2 * group))
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, inner = argument
            return self._repeat(op, least, most, inner, then)
        if op is sre.ATOMIC_GROUP:
            return self._add(Step("whole", (then,), inner=self._sequence(list(argument), self._add(Step("end")))))
        if op in (sre.ASSERT, sre.ASSERT_NOT):
            direction, inner = argument
            back = inner.getwidth()[0] if direction < 0 else 0
            begin = self._sequence(list(inner), self._add(Step("end")))
            return self._add(Step("look", (then,), inner=begin, back=back, negated=op is sre.ASSERT_NOT))
        if op is sre.GROUPREF:
            return self._add(Step("same", (then,), group=argument))
        if op is sre.AT:
            return self._add(Step("at", (then,), _PLACES[argument]))
        raise NotImplementedError(op)

    def _repeat(self, op: Any, least: int, most: int, inner: Any, then: int) -> int:
        if op is sre.POSSESSIVE_REPEAT:
            end = self._add(Step("end"))
            return self._add(Step("whole", (then,), inner=self._repeat(sre.MAX_REPEAT, least, most, inner, end)))
        nodes = list(inner)

        def either(more: int, done: int) -> tuple[int, ...]:
            return (done, more) if op is sre.MIN_REPEAT else (more, done)

        if most > _UNBOUNDED:
            loop = self._add(Step("split"))
            mark = 1000 + loop  # an iteration that takes nothing is none
            moved = self._add(Step("moved", (loop,), group=mark))
            body = self._add(Step("mark", (self._sequence(nodes, moved),), group=mark))
            self.code[loop] = Step("split", either(body, then))
            then = loop
        else:
            done = then
            for _ in range(most - least):
                then = self._add(Step("split", either(self._sequence(nodes, then), done)))
        for _ in range(least):
            then = self._sequence(nodes, then)
        return then


def _with(saved: tuple[Any, ...], group: int, at: int) -> tuple[Any, ...]:
    return (*(pair for pair in saved if pair[0] != group), (group, at))


_WORD = re.compile(r"\w")
_PLACES: dict[Any, Test] = {
    sre.AT_BEGINNING: lambda around: around[0] == "\0",
    sre.AT_BEGINNING_STRING: lambda around: around[0] == "\0",
    sre.AT_END: lambda around: around[-1] == "\0",
    sre.AT_END_STRING: lambda around: around[-1] == "\0",
    sre.AT_BOUNDARY: lambda around: bool(_WORD.match(around[0])) != bool(_WORD.match(around[-1])),
    sre.AT_NON_BOUNDARY: lambda around: bool(_WORD.match(around[0])) == bool(_WORD.match(around[-1])),
}


def test_of(op: Any, argument: Any, flags: int) -> Test:
    """A node of one character → whether a character is one of its."""
    if op is sre.ANY:
        return lambda c: bool(flags & re.DOTALL) or c != "\n"
    if op is sre.NOT_LITERAL:
        return lambda c: c != chr(argument)
    if op is sre.LITERAL:
        letter = chr(argument)
        return (lambda c: c.lower() == letter.lower()) if flags & re.IGNORECASE else (lambda c: c == letter)
    return cache(lambda c: _is_in(c, argument, flags))


def _is_in(letter: str, items: Sequence[Any], flags: int) -> bool:
    letters = {letter, letter.lower(), letter.upper()} if flags & re.IGNORECASE else {letter}
    negated = any(op is sre.NEGATE for op, _ in items)
    found = any(_is_one(each, op, argument) for each in letters for op, argument in items if op is not sre.NEGATE)
    return found != negated


def _is_one(letter: str, op: Any, argument: Any) -> bool:
    if op is sre.LITERAL:
        return letter == chr(argument)
    if op is sre.RANGE:
        return bool(argument[0] <= ord(letter) <= argument[1])
    category: Test = _CATEGORIES[argument]
    return category(letter)


# --- Strings that a pattern half matches -----------------------------------------------------------------------------------


def letters(nodes: Any, flags: int) -> Iterator[str]:
    """A letter for every node of one character."""
    for op, argument in nodes:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            yield letter_of(op, argument, flags)
        for inner in inner_of(op, argument):
            yield from letters(inner, flags)


def letter_of(op: Any, argument: Any, flags: int) -> str:
    if op is sre.LITERAL:
        return chr(argument)
    test = test_of(op, argument, flags)
    ranged = (
        [chr(a[0] if o is sre.RANGE else a) for o, a in argument if o in (sre.RANGE, sre.LITERAL)]
        if op is sre.IN
        else []
    )
    found: Iterator[str] = (c for c in (*ranged, *"0a一 元(-.,:|\n\t年") if test(c))
    return next(found)


def inner_of(op: Any, argument: Any) -> list[Any]:
    """The sequences inside a node."""
    if op is sre.BRANCH:
        return list(argument[1])
    if op is sre.SUBPATTERN:
        return [argument[3]]
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [argument[2]]
    if op in (sre.ASSERT, sre.ASSERT_NOT):
        return [argument[1]]
    return [argument] if op is sre.ATOMIC_GROUP else []


def sample(nodes: Any, flags: int) -> str:
    """A string that a sequence matches, looking around left out: the first alternative, repetitions once at least."""
    found = ""
    for op, argument in nodes:
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            found += letter_of(op, argument, flags)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            found += sample(argument[2], flags) * min(max(1, argument[0]), argument[1])
        elif op not in (sre.ASSERT, sre.ASSERT_NOT):
            found += "".join(sample(inner, flags) for inner in inner_of(op, argument)[:1])
    return found


def pumped(nodes: Any, flags: int, before: str = "") -> Iterator[tuple[str, str]]:
    """What stands before a repetition without end, and a string that it repeats; for every one of a pattern."""
    for op, argument in nodes:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) and argument[1] > 8:
            yield before, sample(argument[2], flags)
            yield from ((before, letter) for letter in letters(argument[2], flags))
        for inner in inner_of(op, argument):
            yield from pumped(inner, flags, before)
        before += sample([(op, argument)], flags)
