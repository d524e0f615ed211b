"""A pointing answer → the slots that it points at; and slots → the pointing answer that would give them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...schemas.extraction import Finding, finding
from ...schemas.form import Form
from ..llm.shown import Shown
from ..llm.wire import ABSENT, BLANK, NO_ROW, UNKNOWN, Divided, Pointing, Said, WireRow, line_of, said_in, wire_rows
from ..page import Page
from ..record.pointed import Pointed
from ..table.fills import Slot, slot_of


def read_pointing(page: Page, shown: Shown, answer: Pointing, form: Form) -> Pointed:
    """What a model pointed at → its slots; what cannot be meant is left out, with a finding."""
    return _Reading(page, shown, form).read(answer)


_Put = tuple[int | None, Slot | None] | None
"""What a cell gets: the id of the value that it is, or is a part of, and its slot; None where it cannot be known."""


class _Reading:
    """One answer while it is read. Digits that are divided are used up part by part, in the order of the answer."""

    def __init__(self, page: Page, shown: Shown, form: Form) -> None:
        self.page, self.values = page, shown.values
        self.rows = {wire.number: wire for wire in wire_rows(form)}
        self.prose = {prose.spec.number for prose in form.proses}
        self.cells: dict[str, _Put] = {}
        self.divided: dict[int, int] = {}
        """Id → how many characters of it are used up."""
        self.whole: Counter[int] = Counter()
        """Ids of values that are a cell each."""
        self.findings: list[Finding] = []

    def read(self, answer: Pointing) -> Pointed:
        aside: set[int] = set()
        for line in answer.rows:
            number, said = said_in(line)
            if number == NO_ROW:
                aside |= {i for i in said if isinstance(i, int) and 1 <= i <= len(self.values)}
            elif number in self.rows and said:
                self._row(self.rows[number], said, line)
            elif number not in self.prose:
                self._say("answer_unusable", f"模型所答“{line[:60]}”无法理解", None)
        torn = {i for i, length in self.divided.items() if length < len(self.values[i - 1].text)}
        for i in sorted(torn):
            self._say("answer_unusable", f"模型没有分完“{self.values[i - 1].text[:60]}”", None)
        wrong = torn | {i for i, times in self.whole.items() if times > 1 or i in self.divided}
        slots = {path: put[1] for path, put in self.cells.items() if put is not None and put[0] not in wrong}
        left = (self.values[i - 1] for i in sorted(aside - self.whole.keys() - self.divided.keys()))
        return Pointed("model", slots, tuple(self.findings), frozenset((t.start, t.end) for t in left))

    def _say(self, code: str, message: str, path: str | None) -> None:
        self.findings.append(finding(code, message, path))

    def _row(self, wire: WireRow, said: Sequence[Said], line: str) -> None:
        """Take what is said of a row, where it can be meant."""
        row = wire.row
        if said == (ABSENT,):
            return
        divided = dict(self.divided)
        puts = self._puts(said, len(wire.columns), divided)
        own = {token.id for token in self.page.tokens(row.path.partition(".")[0])}
        paths = [row.cell(c.name) for c in wire.columns]
        if puts is None:
            self._say("answer_unusable", f"模型所答“{line[:60]}”无法理解", None)
        elif any(row.cell(c.name) in self.cells for c in row.columns):
            self._say("answer_unusable", f"模型对“{row.label}”答了两次", row.path)
        elif not all(put is None or put[0] is None or self.values[put[0] - 1].id in own for put in puts):
            self._say("place_doubtful", f"“{row.label}”所指的单元格不在它的表格里", row.path)
        else:
            self.divided = divided
            self.whole.update(one for one in said if isinstance(one, int))
            self.cells |= zip(paths, puts, strict=True)

    def _puts(self, said: Sequence[Said], width: int, divided: dict[int, int]) -> list[_Put] | None:
        """What is said of a row → what each of its cells gets; None where that are not as many, or are not in the text.

        divided: takes how much of each value is used up.
        """
        found: list[_Put] = []
        for one in [said[0]] * width if len(said) == 1 and isinstance(said[0], str) else said:
            if one in (BLANK, UNKNOWN):
                found.append((None, None) if one == BLANK else None)
                continue
            i = one.id if isinstance(one, Divided) else one
            if not isinstance(i, int) or not 1 <= i <= len(self.values):
                return None
            token = self.values[i - 1]
            if not isinstance(one, Divided):
                found.append((i, slot_of(token)))
                continue
            for part in one.parts:
                start = divided.setdefault(i, 0)
                if part == UNKNOWN:  # what is left of it, in the cells that are left
                    divided[i] = len(token.text)
                    found += [None] * (width - len(found))
                elif part == BLANK:
                    found.append((i, None))
                elif part and token.text.startswith(part, start):
                    divided[i] = start + len(part)
                    found.append((i, Slot(token.start + start, token.start + divided[i], token.kind != "number")))
                else:
                    return None
        return found if len(found) == width else None


def paragraphs_of(answer: Pointing, number: str) -> tuple[int, ...]:
    """The numbers of the paragraphs that an answer names for a part of the prose: "一:3-5" → (3, 4, 5)."""
    for line in answer.rows:
        said, cells = said_in(line)
        if said == number:
            return tuple(c for c in cells if isinstance(c, int))
    return ()


# --- The other way ---------------------------------------------------------------------------------------------------


def point(slots: Mapping[str, Slot | None], shown: Shown, form: Form, aside: Sequence[int] = ()) -> Pointing:
    """Cell path → slot, to the answer of a model that sees it so; what no answer can say is left out. aside: ids of no row."""
    lines = [line_of(NO_ROW, aside)] if aside else []
    for row in form.rows.values():
        present = {c.name for c in row.columns if row.cell(c.name) in slots}
        ways = [w for w in wire_rows(form) if w.row is row and present and present <= {c.name for c in w.columns}]
        for wire in sorted(ways, key=lambda w: len(w.columns))[:1]:
            cells = tuple(_said([slots.get(row.cell(c.name)) for c in wire.columns], shown))
            if cells:
                lines.append(line_of(wire.number, cells))
    return Pointing(rows=lines)


def _said(slots: Sequence[Slot | None], shown: Shown) -> Iterator[Said]:
    """What an answer says of a row's slots; nothing where one of them is neither a value that is shown nor a part of one."""
    found: list[Said] = []
    for slot in slots:
        if slot is None or (slot.start, slot.end) in shown.ids:
            found.append(BLANK if slot is None else shown.ids[slot.start, slot.end])
            continue
        at = [i for i, t in enumerate(shown.values, 1) if t.start <= slot.start < slot.end <= t.end]
        if not at:
            if slot.start < slot.end:
                return
            found.append(BLANK)
            continue
        token, last = shown.values[at[0] - 1], found[-1] if found else None
        part = token.text[slot.start - token.start : slot.end - token.start]
        if isinstance(last, Divided) and last.id == at[0]:
            found[-1] = Divided(last.id, (*last.parts, part))
        else:
            found.append(Divided(at[0], (part,)))
    yield from found
