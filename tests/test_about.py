"""What a report says of itself, and what is not guessed."""

import pytest

from nianbao import extract

from .made_up import report


def facts(title: str, foot: str = "", prose: str = "工作有序推进。") -> tuple[object, ...]:
    text = report(title=title).replace("工作有序推进。", prose).replace("\n无。\n", f"\n无。\n{foot}")
    record = extract(text).report
    assert record is not None
    return record.agency, record.year, record.issued_on


@pytest.mark.parametrize(
    ("title", "agency", "year"),
    [
        ("沭阳县发展和改革局2023年政府信息公开年度报告", "沭阳县发展和改革局", 2023),
        ("2022年度XX市公安局政府信息公开工作年度报告", "XX市公安局", 2022),
        ("某市水务局关于2021年政府信息公开工作年度报告", "某市水务局", 2021),
        ("# 八卦洲街道政府信息公开工作年度报告", "八卦洲街道", None),
        ("某区人民政府\n2023 年政府信息公开工作年度报告", "某区人民政府", 2023),
        ("某区人民政府\n2023年\n政府信息公开工作年度报告", "某区人民政府", 2023),
        ("标题：某局2019年政府信息公开年度报告\n某局2019年政府信息公开年度报告", "某局", 2019),
        ("某县人民政府信息公开工作年度报告", "某县人民政府", None),
        ("某 镇 人 民 政 府 二〇二二年 政府信息公开工作年度报告", "某镇人民政府", 2022),
        ("2023年政府信息公开工作年度报告", None, 2023),
        ("某县水务局2023年政府信息公开工作年度\n报告", "某县水务局", 2023),
        ("某县人民政府办公室2023年政府\n信息公开工作年度报告", "某县人民政府办公室", 2023),
        ("某县水务局政府信息公开工\n作年度报告", "某县水务局", None),
        ("某县水务局关于2023年政府信息公开工作年度报告的公示", "某县水务局", 2023),
        ("某县水务局2022-2023年政府信息公开工作年度报告", "某县水务局", None),
        ("首页 > 政务公开", None, None),
    ],
)
def test_titles(title: str, agency: str | None, year: int | None) -> None:
    """The agency is the title's, without year and white space; nothing is taken from elsewhere."""
    assert facts(title)[:2] == (agency, year)


@pytest.mark.parametrize(
    ("prose", "year"),
    [
        ("2020年，我局认真工作。", 2020),
        ("报告中数据统计期限自2021年1月1日起至2021年12月31日止。", 2021),
        ("根据2019年印发的文件，我局认真工作。", None),
        ("今年以来工作有序。", None),
    ],
)
def test_the_year_in_the_prose(prose: str, year: int | None) -> None:
    """Without a year in the title, the text's own opening or its stated period says it, and nothing else does."""
    assert facts("某局政府信息公开工作年度报告", prose=prose)[1] == year


@pytest.mark.parametrize(
    ("year", "prose", "date", "expected"),
    [
        (2023, "2023年，我局认真工作。", "2024年1月3日", (2023, "2024-01-03")),
        (2023, "工作有序推进。", "2023年12月29日", (2023, "2023-12-29")),
        (2024, "2023年，我局认真工作。", "2024年1月3日", (2023, "2024-01-03")),
        (2024, "工作有序推进。", "2024年1月3日", (2024, "2024-01-03")),
        (2024, "2024年，我局认真工作。", "2024年1月3日", (2024, "2024-01-03")),
        (2023, "2023年，我局认真工作。", "2023年11月2日", (2023, None)),
    ],
)
def test_a_report_is_written_when_its_year_is_over(
    year: int, prose: str, date: str, expected: tuple[int | None, str | None]
) -> None:
    """A title may name the year of publication, where the text says which is meant; a date may be an attachment's."""
    assert facts(f"某县水务局{year}年政府信息公开工作年度报告", f"某县水务局\n{date}\n", prose)[1:] == expected


@pytest.mark.parametrize(
    ("foot", "date"),
    [
        ("某局\n2024年1月9日\n", "2024-01-09"),
        ("某局 2024年01月19日\n", "2024-01-19"),
        ("二〇二四年一月二十二日\n", "2024-01-22"),
        ("2024-1-9\n", "2024-01-09"),
        ("2024年13月9日\n", None),
        ("更新时间:2024-01-09\n", None),
        ("发布日期：2024年1月9日\n", None),
        ("截至2024年1月9日\n", None),
    ],
)
def test_dates(foot: str, date: str | None) -> None:
    """A date that stands alone or after the agency is the report's own; the web page's is not."""
    assert facts("某局2023年政府信息公开工作年度报告", foot=foot)[2] == date


def test_the_fuller_name() -> None:
    """Where the text names the same body with the place it lies in, that name is taken."""
    assert (
        facts("洪泽区人民政府2023年政府信息公开工作年度报告", prose="本报告由淮安市洪泽区人民政府办公室编制。")[0]
        == "淮安市洪泽区人民政府"
    )
