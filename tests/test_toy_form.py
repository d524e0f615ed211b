"""A form of two rows goes through the whole pipeline: no part of it names a row of the real one."""

from typing import Annotated, ClassVar

from nianbao.eval.score import compare
from nianbao.pipeline.llm.wire import Pointing, list_rows, show
from nianbao.pipeline.page import lay_out
from nianbao.pipeline.old.rules import read_by_rules
from nianbao.pipeline.record.paths import cells_of
from nianbao.pipeline.readers.pointing import point, read_pointing
from nianbao.pipeline.record.copy import build_record
from nianbao.pipeline.record.judge import weigh
from nianbao.pipeline.source.decode import from_text
from nianbao.schemas.form import Column, FormModel, Label, Row, Section, Sum, form_of


class Herd(FormModel):
    young: Annotated[int | None, Column("幼崽")] = None
    grown: Annotated[int | None, Column("成年")] = None
    all: Annotated[int | None, Column("合计")] = None

    identities: ClassVar = (Sum("sum", ("young", "grown"), ("all",), "幼崽＋成年＝合计"),)


class Animals(FormModel):
    sheep: Annotated[Herd | None, Row("1.绵羊数量")] = None
    goats: Annotated[Herd | None, Row("2.山羊数量")] = None


class Farm(FormModel):
    animals: Annotated[Animals, Section("牲畜情况", number="一", like="牲畜.{0,4}情况", heads="fixed")] = Animals()


class Visits(FormModel):
    spring: Annotated[int | None, Column(Label("春季", form="old"))] = None
    autumn: Annotated[int | None, Column("秋季")] = None


class Doctors(FormModel):
    vet: Annotated[Visits | None, Row("驻场兽医看诊")] = None


class Yard(FormModel):
    """A farm with a second table, whose heads are printed and differ from form to form."""

    animals: Annotated[Animals, Section("牲畜情况", number="一", like="牲畜.{0,4}情况", heads="fixed")] = Animals()
    doctors: Annotated[
        Doctors, Section("看诊情况", number="二", like="看诊.{0,4}情况", heads="printed", words=("人员",))
    ] = Doctors()


TEXT = "一、牲畜情况\n类别\t幼崽\t成年\t合计\n1.绵羊数量\t3\t4\t7\n2.山羊\n数量\t0\t2\t3\n"


def test_a_form_of_two_rows() -> None:
    """Sections, labels, cells, record, checks, findings and score all follow from the declaration."""
    form, source = form_of(Farm), from_text(TEXT, "farm")
    page = lay_out(source, form)
    reading = next(read_by_rules(page, form))
    case = weigh(page, reading, form)
    record = build_record(source, reading, case.values, form)
    assert record == Farm(animals=Animals(sheep=Herd(young=3, grown=4, all=7), goats=Herd(young=0, grown=2, all=3)))
    assert [(c.id, c.outcome, c.message) for c in case.checks] == [
        ("animals.sheep.sum", "pass", "1.绵羊数量：幼崽＋成年＝合计：7＝7"),
        ("animals.goats.sum", "fail", "2.山羊数量：幼崽＋成年＝合计不成立：2≠3"),
    ]
    assert (case.findings, case.doubts, case.failures) == ((), 0, 1)
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
    page = lay_out(from_text(TEXT + "二、看诊情况\n人员\t秋季\n驻场兽医看诊\t5\n", "farm"), form)
    assert list_rows(form) == (
        "一、牲畜情况\n（幼崽、成年、合计）\n1=1.绵羊数量 2=2.山羊数量\n二、看诊情况\n（春季、秋季）\n3=驻场兽医看诊"
    )
    shown = show(page.tables, form)
    assert shown.text.splitlines()[-2:] == ["人员|秋季", "驻场兽医看诊|«7»5"]
    answer = point(next(read_by_rules(page, form)), shown, form)
    assert answer == Pointing(rows={"1": "1-3", "2": "4-6", "3": [None, 7]})
    right = weigh(page, read_pointing(page, shown, answer, form), form)
    assert {path: value for path, value in right.values.items() if path.startswith("doctors.")} == {
        "doctors.vet.autumn": 5
    }
    assert (right.doubts, right.failures) == (0, 1)
    for rows in ({"1": "4-6", "2": "1-3", "3": "7"}, {"1": "1-3", "2": "4-6"}, {"1": "1-3", "2": "4-7", "3": "7"}):
        assert weigh(page, read_pointing(page, shown, Pointing.model_validate({"rows": rows}), form), form).doubts > 0
