"""A form of two rows goes through the whole pipeline: no part of it names a row of the real one."""

from typing import Annotated, ClassVar

from nianbao.eval.score import compare
from nianbao.pipeline.llm.shown import show
from nianbao.pipeline.llm.wire import Pointing, list_rows
from nianbao.pipeline.page import lay_out
from nianbao.pipeline.readers.pointing import point, read_pointing
from nianbao.pipeline.readers.rules import read_by_rules
from nianbao.pipeline.record.check import check
from nianbao.pipeline.record.copy import build_record
from nianbao.pipeline.record.paths import cells_of
from nianbao.pipeline.record.weigh import weigh_all
from nianbao.pipeline.record.weighed import Weighed
from nianbao.pipeline.source.decode import from_text
from nianbao.schemas.form import Column, Form, FormModel, Label, Row, Section, Sum, form_of


class Herd(FormModel):
    young: Annotated[int | None, Column("幼崽头数")] = None
    grown: Annotated[int | None, Column("成年头数")] = None
    all: Annotated[int | None, Column("合计头数")] = None

    identities: ClassVar = (Sum("sum", ("young", "grown"), ("all",), "幼崽头数＋成年头数＝合计头数"),)


class Animals(FormModel):
    sheep: Annotated[Herd | None, Row("1.绵羊数量")] = None
    goats: Annotated[Herd | None, Row("2.山羊数量")] = None


class Farm(FormModel):
    animals: Annotated[Animals, Section("牲畜情况", number="一", like="牲畜.{0,4}情况", heads="fixed")] = Animals()


class Visits(FormModel):
    spring: Annotated[int | None, Column(Label("春季次数", form="old"))] = None
    autumn: Annotated[int | None, Column("秋季次数")] = None


class Doctors(FormModel):
    vet: Annotated[Visits | None, Row("驻场兽医看诊")] = None


class Yard(FormModel):
    """A farm with a second table, whose heads are printed and differ from form to form."""

    animals: Annotated[Animals, Section("牲畜情况", number="一", like="牲畜.{0,4}情况", heads="fixed")] = Animals()
    doctors: Annotated[
        Doctors, Section("看诊情况", number="二", like="看诊.{0,4}情况", heads="printed", words=("看诊人员",))
    ] = Doctors()


TEXT = "一、牲畜情况\n类别\t幼崽头数\t成年头数\t合计头数\n1.绵羊数量\t3\t4\t7\n2.山羊\n数量\t9\t4\t3\n"


def read(form: Form, text: str, *answers: Pointing) -> tuple[Weighed, ...]:
    """A text, read by rules and by models that answer so, whose record it is to be."""
    page = lay_out(from_text(text, "farm"), form)
    pointed = [read_pointing(page, show(page, form), answer, form) for answer in answers]
    return weigh_all(page, read_by_rules(page, form), form, pointed, "model" if answers else "rules")


def test_a_form_of_two_rows() -> None:
    """Sections, labels, cells, record, checks, findings and score all follow from the declaration."""
    form = form_of(Farm)
    (animals,) = read(form, TEXT)
    values = {path: cell.value for path, cell in animals.cells.items()}
    record = build_record(lay_out(from_text(TEXT, "farm"), form), values, animals.forms, form)
    assert record == Farm(animals=Animals(sheep=Herd(young=3, grown=4, all=7), goats=Herd(young=9, grown=4, all=3)))
    assert [(c.id, c.outcome, c.message) for c in check(values, form)] == [
        ("animals.sheep.sum", "pass", "1.绵羊数量：幼崽头数＋成年头数＝合计头数：7＝7"),
        ("animals.goats.sum", "fail", "2.山羊数量：幼崽头数＋成年头数＝合计头数不成立：13≠3"),
    ]
    assert (animals.findings, animals.open, {cell.is_vouched for cell in animals.cells.values()}) == ((), (), {True})
    outcomes = compare({"animals.sheep.young": 3, "animals.sheep.all": 8}, cells_of(record.model_dump(), form), form)
    assert outcomes == {
        "animals.sheep.young": "correct",
        "animals.sheep.grown": "invented",
        "animals.sheep.all": "wrong",
        "animals.goats.young": "invented",
        "animals.goats.grown": "invented",
        "animals.goats.all": "invented",
    }


def test_a_form_of_two_rows_is_pointed_at() -> None:
    """What a model is told and shown, its answer, and what comes of right and wrong ones follow from the declaration, too."""
    form = form_of(Yard)
    text = TEXT + "二、看诊情况\n看诊人员\t秋季次数\n驻场兽医看诊\t5\n"
    page = lay_out(from_text(text, "farm"), form)
    assert list_rows(form) == (
        "一、牲畜情况\n（幼崽头数、成年头数、合计头数）\n1=1.绵羊数量 2=2.山羊数量\n二、看诊情况\n（春季次数、秋季次数）\n3=驻场兽医看诊"
    )
    shown = show(page, form)
    assert shown.text().splitlines()[-2:] == ["看诊人员|秋季次数", "驻场兽医看诊|«7»5"]
    weighed = weigh_all(page, read_by_rules(page, form), form)
    answer = point({p: c.slot for section in weighed for p, c in section.cells.items()}, shown, form)
    assert answer == Pointing(rows=["1:1-3", "2:4-6", "3:空 7"])
    right = {p: c for section in read(form, text, answer) for p, c in section.cells.items()}
    assert {path: cell.value for path, cell in right.items() if path.startswith("doctors.")} == {
        "doctors.vet.autumn": 5
    }
    assert all(cell.is_vouched for cell in right.values())
    for rows in (["1: 4-6", "2: 1-3", "3: 空 7"], ["1: 1-3", "2: 4 6 5", "3: 空 7"]):
        wrong = {p: c for section in read(form, text, Pointing(rows=rows)) for p, c in section.cells.items()}
        assert all(c.value == right[p].value for p, c in wrong.items() if c.is_vouched)
        assert not all(cell.is_vouched for cell in wrong.values())
