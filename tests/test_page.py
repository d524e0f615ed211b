"""The page of a run, in a real browser: nothing leaves it, nothing in it runs, nothing is wider than the screen."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from nianbao.pipeline.extract import REPORT
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.tools.load import ServerProcess

from .conftest import SURE
from .made_up_runs import RECEIVED, alter_run, line, run, write

CHROMIUM = shutil.which("chromium")
HOSTILE = (
    "<script>document.title='owned'</script>",
    "</textarea></pre></title></style><script>document.title='owned'</script>",
    '"><img src=https://example.org/x.png onerror="document.title=\'owned\'">',
    "' style='position:fixed;width:5000px' x='",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> &lt;b&gt; &#0; \u202e\u0000",
    "长" * 20_000,
)
SCHEMES = [("light", 320), ("dark", 390), ("light", 1280)]
STATUSES = ("unresolved", "verified", "discrepant", *["unresolved"] * 4)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium. Where NEEDS_BROWSER is set, as in CI, it must be there."""
    if CHROMIUM is None and not os.environ.get("NEEDS_BROWSER"):
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM or "/usr/bin/chromium", args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with every kind of error, over reports whose every free text is hostile."""
    home = tmp_path_factory.mktemp("page")
    lines = [line(f"{number}号", layout="tabs", difficulty=number % 3) for number in range(8)]
    for told, hostile in zip(lines, HOSTILE, strict=False):
        told["name"] += hostile[:300]
        told["text"] = told["text"].replace("工作有序推进。", hostile)
        told |= {"layout": hostile[:100], "done": [hostile[:100]]}
    lines[7]["text"] = HOSTILE[0]
    assert run("eval", "run", write(home / "<b>lines.jsonl", lines), "--out", home / "<i>RUN").exit_code == 0
    wrong = {f"{RECEIVED}.total": 7, f"{RECEIVED}.business": None, "disclosure.licensing.change": 1}
    changes = {told["name"]: (wrong, status) for told, status in zip(lines[:7], STATUSES, strict=True)}
    alter_answered(home / "<i>RUN", changes)
    result = run("eval", "page", home / "<i>RUN", "-o", home / "page.html")
    assert (result.exit_code, result.stdout) == (0, "")
    return home / "page.html"


def alter_answered(folder: Path, changes: dict[str, Any]) -> None:
    """alter_run, with the answer that is none put aside."""
    file = folder / "results.jsonl"
    *answered, none = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(answered), encoding="utf-8")
    alter_run(folder, changes)
    with file.open("a", encoding="utf-8") as opened:
        opened.write(none)


@pytest.fixture(params=SCHEMES, ids=lambda p: f"{p[0]}-{p[1]}")
def page(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Page]:
    """The page in a colour scheme and at a width, every report unfolded. It may ask for nothing but itself."""
    yield from opened(browser, file, *request.param)


@pytest.fixture
def wide(browser: Browser, file: Path) -> Iterator[Page]:
    """The page on a wide screen."""
    yield from opened(browser, file, "light", 1280)


def opened(browser: Browser, file: Path, scheme: Any, width: int) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: said.append(m.text))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    yield page
    assert (asked, said) == ([file.as_uri()], [])
    page.close()


def test_nothing_is_wider_than_the_screen(page: Page) -> None:
    """No part of the page overflows to the side, whatever a report holds; what scrolls does so within itself."""
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = page.evaluate(
        """[...document.querySelectorAll('body *:not(svg *)')]
           .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.wide')).map(e => e.outerHTML)"""
    )
    assert beyond == []


def test_nothing_runs(page: Page) -> None:
    """What reports say is text: no script, no image, no frame, no handler, and a title that stays."""
    assert page.title() == "<i>RUN · nianbao accuracy run"
    assert (
        page.evaluate("document.querySelectorAll('script, img, iframe, object, link, form, textarea, b, i').length")
        == 0
    )
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => a.name.startsWith('on'))"
    )
    assert page.evaluate(f"{handlers}.length") == 0
    text = page.inner_text("body")
    assert [hostile for hostile in HOSTILE[:5] if hostile[:40] not in text] == []
    assert HOSTILE[6] in text


def test_what_can_be_read(page: Page) -> None:
    """Text stands out from what is behind it (WCAG AA, 4.5 to 1), in either colour scheme."""
    contrast = """selector => {
        const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                                return [...canvas.getImageData(0, 0, 1, 1).data]; };
        const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
                            .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
        const element = document.querySelector(selector);
        let behind = element;
        while (rgb(getComputedStyle(behind).backgroundColor)[3] < 255 && behind.parentElement) behind = behind.parentElement;
        const two = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(c => light(rgb(c)));
        return (Math.max(...two) + .05) / (Math.min(...two) + .05);
    }"""
    for selector in ("body", ".quiet", "h2", "mark.error", ".cells .error", ".cells .head", "td", "a", "summary"):
        assert page.evaluate(contrast, selector) >= 4.5, selector


def test_the_colour_scheme_is_the_readers(browser: Browser, file: Path) -> None:
    """Light paper in light mode, dark paper in dark mode."""
    found = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page = browser.new_page(color_scheme=scheme)
        page.goto(file.as_uri())
        found[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.close()
    assert found == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 23, 26)"}


def test_errors_are_marked_on_both_sides(wide: Page) -> None:
    """Silent errors come first; each error is numbered in the record, and in the source where it has a place."""
    reports = wide.locator("details.report")
    assert reports.locator(".status").all_inner_texts() == [
        "silent error, verified", "silent error, discrepant", "no answer", *["unresolved"] * 5,
    ]  # fmt: skip
    first = reports.nth(0)
    assert first.locator(".cells .error").all_inner_texts() == [
        "本年增/减 1, not null (invented, vouched for)",
        "商业企业 null, not 0 (omitted, vouched for)2",
        "总计 7, not 0 (wrong, vouched for)3",
    ]
    assert first.locator("mark.error").all_inner_texts() == ["0", "0"]
    assert first.locator("mark.error").nth(1).get_attribute("title") == "一、本年新收政府信息公开申请数量·总计: wrong"
    first.locator(".cells .error a").nth(1).click()
    assert wide.evaluate("document.querySelector(':target').textContent") == "0"
    assert first.locator("mark").count() == 200


def test_the_heat_map_is_the_form(wide: Page) -> None:
    """Every cell of the form is there, with how many reports have an error in it."""
    told = wide.evaluate("[...document.querySelectorAll('table.heat td')].map(e => [e.title, e.textContent])")
    assert len(told) == len(REPORT.columns)
    cells = dict(told)
    assert cells["一、本年新收政府信息公开申请数量·总计: 8 of 8 in error, 100.0 %"] == "8"
    assert cells["行政许可·本年增/减: 7 of 7 in error, 100.0 %"] == "7"
    assert cells["2.重复申请·总计: 1 of 8 in error, 12.5 %"] == "1"


def test_printed_it_is_whole(browser: Browser, file: Path) -> None:
    """On paper nothing is folded away, cut off or scrolled."""
    page = browser.new_page(viewport={"width": 720, "height": 1000})
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    folded = page.locator("details:not([open])")
    assert folded.count() == 6
    assert all(folded.nth(n).locator("pre").bounding_box() for n in range(6))
    scrolled = "[...document.querySelectorAll('.scroll, .wide')].filter(e => e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 2)"
    assert page.evaluate(f"{scrolled}.length") == 0
    assert len(page.pdf()) > 10_000
    page.close()


def test_the_page_to_paste_into(browser: Browser) -> None:
    """In a browser: a report that is pasted is shown to be read, or as JSON; what is none is said to be none; nothing of it runs."""
    with ServerProcess("--workers", "1") as server:
        page = browser.new_page(locale="zh-CN")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(server.url)
        for choice, expected in (("text/plain", "确认 "), ("application/json", '"status": "verified"')):
            page.check(f"input[value='{choice}']")
            page.fill("#text", SURE[0].text)
            page.click("button")
            expect(page.locator("#answer")).to_contain_text(expected)
        assert said == []
        page.fill("#text", HOSTILE[0])
        page.click("button")
        expect(page.locator("#state")).to_contain_text("不是政府信息公开工作年度报告")
        assert (page.title(), page.locator("#answer").is_hidden()) == ("nianbao：读取政府信息公开工作年度报告", True)
        page.close()
