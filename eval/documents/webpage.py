"""A document as a web page, as content systems and word processors write it."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from .document import Cell, Document, Paragraph, Table
from .printed import FONTS

Wrap = Callable[[str, Cell], str]


@dataclass(frozen=True, slots=True)
class Page:
    """How a page is written. style: one of STYLES. chrome: whether the site's own parts stand around the report.

    landscape: for print. spread: whether the source is broken into lines between its tags. font, points: of the print.
    nested: whether the report stands in a cell of a table that lays the page out. numbered: whether the print has the title at the head of each page, and its number at the foot.
    """

    style: str
    chrome: bool
    landscape: bool = False
    spread: bool = True
    font: str = FONTS[0]
    points: float = 9
    numbered: bool = False
    nested: bool = False


def page_for(rng: Random, style: str | None = None, fonts: Sequence[str] = FONTS) -> Page:
    """A page by lot."""
    return Page(
        style=style or rng.choice(tuple(STYLES)),
        chrome=rng.random() < 0.5,
        landscape=rng.random() < 0.4,
        spread=rng.random() < 0.6,
        font=rng.choice(fonts),
        points=rng.choice((7.5, 9, 10.5)),
        numbered=rng.random() < 0.5,
        nested=rng.random() < 0.1,
    )


def write_html(document: Document, page: Page, year: int, agency: str) -> str:
    """document → a whole HTML page; year and agency: for the parts around the report."""
    style = STYLES[page.style]
    blocks = [
        _paragraph(block, style) if isinstance(block, Paragraph) else _table(block, style, page)
        for block in document.blocks
    ]
    between = "\n" if page.spread else ""
    body = f'<div class="content" id="zoom">{between}{between.join(blocks)}{between}</div>'
    if page.nested:
        body = f'<table width="100%" class="layout"><tr><td>{body}</td></tr></table>'
    if page.style == "word":
        body = (
            f"<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->{body}"
        )
    above, below = _chrome(document.title, year, agency) if page.chrome else ("", "")
    numbered = '<meta name="numbered">' if page.numbered else ""
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(document.title)}</title>'
        f"{numbered}<style>{_css(page)}</style></head><body>{between}{above}{between}{body}{between}{below}{between}</body></html>\n"
    )


# --- Styles -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HtmlStyle:
    """table: attributes of the table. row: of a row. cell: its width → attributes. inner: what its text is wrapped in.

    para: (text, style) → a paragraph. th: whether heads are header cells, in a head of the table where they begin it.
    """

    table: str
    row: str
    cell: Callable[[int], str]
    inner: Wrap
    para: Callable[[str, str], str]
    th: bool = False
    closing: Callable[[Table], str] = lambda _: ""


def _bare_paragraph(text: str, style: str) -> str:
    tag = {"title": "h1", "heading": "h3"}.get(style, "p")
    return f"<{tag}>{text}</{tag}>"


def _cms_paragraph(text: str, style: str) -> str:
    align = {"title": "center", "sign": "right"}.get(style, "justify")
    strong = f"<strong>{text}</strong>" if style in ("title", "heading") else text
    return f'<p style="text-align: {align}; line-height: 2; text-indent: 2em;"><span style="font-size: 16pt;">{strong}</span></p>'


def _cms_cell(width: int) -> str:
    return f' width="{width}" valign="center" style="border: 1px solid #000; padding: 0 5px;"'


def _cms_inner(text: str, cell: Cell) -> str:
    align = "left" if cell.kind == "label" else "center"
    return f'<p style="text-align: {align};"><span style="font-family: 宋体;">{text or "&nbsp;"}</span></p>'


def _word_paragraph(text: str, style: str) -> str:
    align = {"title": " align=center style='text-align:center'", "sign": " align=right style='text-align:right'"}
    return f"<p class=MsoNormal{align.get(style, '')}>{_runs(text)}<span lang=EN-US><o:p></o:p></span></p>"


def _word_cell(width: int) -> str:
    return (
        f" width={width} valign=top style='width:{width * 0.75:.1f}pt;border:solid windowtext 1.0pt;"
        "mso-border-alt:solid windowtext .5pt;padding:0cm 5.4pt 0cm 5.4pt'"
    )


def _word_inner(text: str, cell: Cell) -> str:
    align = "left" if cell.kind == "label" else "center"
    shown = _runs(text) if text else "<span lang=EN-US>&nbsp;</span>"
    return (
        f"<p class=MsoNormal align={align} style='text-align:{align};mso-pagination:widow-orphan'>{shown}"
        "<span lang=EN-US style='font-size:10.0pt'><o:p></o:p></span></p>"
    )


def _runs(text: str) -> str:
    """Word's spans: one for each run of Chinese or of other characters."""
    parts: list[str] = []
    for escaped in _alike(text):
        wide = ord(escaped[0]) > 0x2000
        lang = "" if wide else " lang=EN-US"
        font = "宋体" if wide else '"Times New Roman",serif'
        parts.append(f"<span{lang} style='font-size:10.0pt;font-family:{font}'>{html.escape(escaped)}</span>")
    return "".join(parts)


def _alike(text: str) -> list[str]:
    runs: list[str] = []
    for char in text:
        if runs and (ord(runs[-1][-1]) > 0x2000) == (ord(char) > 0x2000):
            runs[-1] += char
        else:
            runs.append(char)
    return runs


def _word_closing(table: Table) -> str:
    """The row of widths that Word's export ends tables with."""
    cells = "".join(f'<td width={30 * w} style="border:none"></td>' for w in table.widths)
    return f"<![if !supportMisalignedColumns]>\n <tr height=0>\n  {cells}\n </tr>\n <![endif]>"


def _editor_paragraph(text: str, style: str) -> str:
    strong = f"<strong>{text}</strong>" if style in ("title", "heading") else text
    return f'<p style="text-indent:32px">{strong}</p>'


def _editor_cell(width: int) -> str:
    return f' width="{width}" valign="top" style="word-break: break-all;"'


def _editor_inner(text: str, cell: Cell) -> str:
    if not text:
        return "<br/>"
    if cell.kind == "head" and len(text) == 6:
        return f"{text[:3]}<br/>{text[3:]}"
    return text


def _plain(text: str, _: Cell) -> str:
    return text


def _spans(text: str, cell: Cell) -> str:
    """Every character of a label in a span of its own, as some exports have it."""
    if cell.kind == "value" or not text:
        return f"<p><span>{text}</span></p>"
    return "<p>" + "".join(f"<span>{c}</span>" for c in html.unescape(text)).replace("&", "&amp;") + "</p>"


STYLES: dict[str, HtmlStyle] = {
    "plain": HtmlStyle(' border="1"', "", lambda _: "", _plain, _bare_paragraph),
    "heads": HtmlStyle(' class="table"', "", lambda _: "", _plain, _bare_paragraph, th=True),
    "cms": HtmlStyle(
        ' style="border-collapse:collapse" cellspacing="0" cellpadding="2" border="1"',
        "",
        _cms_cell,
        _cms_inner,
        _cms_paragraph,
    ),
    "word": HtmlStyle(
        " class=MsoNormalTable border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;border:none'",
        " style='mso-yfti-irow:0;height:14.2pt'",
        _word_cell,
        _word_inner,
        _word_paragraph,
        closing=_word_closing,
    ),
    "editor": HtmlStyle(
        ' cellspacing="0" cellpadding="0"', ' class="firstRow"', _editor_cell, _editor_inner, _editor_paragraph
    ),
    "spans": HtmlStyle(' border="1" cellspacing="0"', "", lambda w: f' width="{w}"', _spans, _cms_paragraph),
}
"""How tables and paragraphs are marked up, by name."""


# --- Writing ----------------------------------------------------------------------------------------------------------


def _paragraph(block: Paragraph, style: HtmlStyle) -> str:
    return style.para(block.text if style.para is _word_paragraph else html.escape(block.text), block.style)


def _table(table: Table, style: HtmlStyle, page: Page) -> str:
    rows: list[str] = []
    for number, row in enumerate(table.rows):
        width = 600 // max(1, len(row))
        cells = [_cell(cell, width, style) for cell in row]
        inner = "\n" + "\n".join(f"  {c}" for c in cells) + "\n " if page.spread else "".join(cells)
        rows.append(f"<tr{style.row if number == 0 or style.closing(table) else ''}>{inner}</tr>")
    between = "\n" if page.spread else ""
    if style.th and table.heads:
        head, body = between.join(rows[: table.heads]), between.join(rows[table.heads :])
        inside = f"<thead>{between}{head}{between}</thead>{between}<tbody>{between}{body}{between}</tbody>"
    else:
        inside = f"<tbody>{between}{between.join(rows)}{between}{style.closing(table)}</tbody>"
    return f"<table{style.table}>{between}{inside}{between}</table>"


def _cell(cell: Cell, width: int, style: HtmlStyle) -> str:
    tag = "th" if style.th and cell.kind in ("head", "caption") else "td"
    spans = "".join(f' {n}="{k}"' for n, k in (("rowspan", cell.rows), ("colspan", cell.columns)) if k > 1)
    text = cell.text if style.inner is _word_inner else html.escape(cell.text, quote=False)
    return f"<{tag}{spans}{style.cell(width)}>{style.inner(text, cell)}</{tag}>"


def _css(page: Page) -> str:
    size = "A4 landscape" if page.landscape else "A4"
    return (
        f"@page {{ size: {size}; margin: 20mm 15mm }} body {{ font-family: {page.font}; font-size: 12pt }}"
        f" table {{ border-collapse: collapse; width: 100%; font-size: {page.points}pt }} td, th {{ border: 1px solid #000 }}"
        " td p { margin: 0 } nav li { display: inline }"
    )


# --- The site around the report ---------------------------------------------------------------------------------------


def _chrome(title: str, year: int, agency: str) -> tuple[str, str]:
    """What a government site puts above and below a report."""
    told = html.escape(title)
    others = "".join(
        f'<li><a href="/xxgk/{y}.html">{agency}{y}年政府信息公开工作年度报告</a><span>{y + 1}-01-2{y % 10}</span></li>'
        for y in range(year - 1, year - 5, -1)
    )
    above = (
        '<div class="header"><a href="/">网站首页</a><ul class="nav"><li>政务公开</li><li>政务服务</li><li>互动交流</li>'
        '<li>走进本地</li></ul><form><input type="text" placeholder="请输入关键字"><button>搜索</button></form></div>'
        f'<div class="position">当前位置：<a href="/">首页</a> &gt; <a href="/xxgk/">政府信息公开</a> &gt; {told}</div>'
        f'<table class="index"><tr><td>索引号</td><td>0145{year}/{year + 1}-00018</td><td>发布机构</td><td>{agency}</td></tr>'
        f"<tr><td>公开日期</td><td>{year + 1}-01-24</td><td>文号</td><td>无</td></tr></table>"
        f'<h2 class="title">{told}</h2><div class="info">发布时间：{year + 1}-01-24 09:16 来源：{agency} 浏览次数：'
        "<span>1268</span> 字体：【大 中 小】</div>"
    )
    below = (
        f'<div class="share">分享到：微信 微博</div><div class="tools">【打印本页】【关闭窗口】</div><div class="list">'
        f"<h4>历年报告</h4><ul>{others}</ul></div>"
        f'<div class="footer"><p>主办单位：{agency} 网站标识码：3209240004</p><p>备案号：苏ICP备05001234号-1 '
        "公安备案 32092402000123号</p><p>联系电话：0515-86123456</p></div><script>var _hits = 1268;</script>"
    )
    return above, below
