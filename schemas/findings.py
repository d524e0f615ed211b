"""The findings that an extraction may hold: code, severity, what it means, what a person should do.

An `error` keeps an extraction from being vouched for; a `warning` and an `info` do not.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class FindingKind:
    severity: Severity
    meaning: str
    advice: str


FINDINGS: dict[str, FindingKind] = {
    "section_missing": FindingKind(
        "error", "文中找不到该部分的表格", "核对原文：表格是否为图片或未被抽取；重新抽取后再读"
    ),
    "tables_are_images": FindingKind(
        "error", "没有表格：表格是图片，或没有被抽取", "用 OCR 识别图片，或取得可以复制文字的原件，再读"
    ),
    "characters_unknown": FindingKind(
        "error", "表格中有的字，文件的字体没有说明是什么字", "取得可以复制文字的原件，或用 OCR 识别该页，再读"
    ),
    "read_by_ocr": FindingKind(
        "error", "格中的数字是 OCR 从图片上识别的，没有勾稽关系能查出识别的错误", "对照原件上的这几格"
    ),
    "section_repeated": FindingKind("error", "文中有不止一处这样的表格，可能是两份报告", "把各份报告分开再读"),
    "label_doubtful": FindingKind("error", "行名前有无法解释的文字，不能确认是这一行", "核对这几个数字是否属于该行"),
    "heads_unreadable": FindingKind("error", "表头不全或无法辨认，不能确认各列", "核对原文表头"),
    "cells_do_not_fit": FindingKind(
        "error",
        "单元格个数与列数不符，算术也不能确定其位置；或个数相符，而各行各列的和显示有数字错位",
        "对照原文，确定每个数字所在的列",
    ),
    "answer_unusable": FindingKind("error", "模型的回答中有一处无法理解", "再读一次，或换一个模型"),
    "place_doubtful": FindingKind(
        "error", "所指的单元格与行名、表头或先后不符，不能确认是这一行", "对照原文，确定这几个数字属于哪一行"
    ),
    "numbers_left_over": FindingKind("error", "表格中有数字无法解释", "核对该数字是什么：页码、注释，还是漏读的单元格"),
    "not_a_number": FindingKind("error", "单元格的内容不是该列应有的数", "核对原文该单元格"),
    "several_reports": FindingKind("error", "文中不止一份报告，表格可能属于另一份", "把各份报告分开再读"),
    "corrected_in_text": FindingKind(
        "error", "文中说表格有误、已更正，或所列不是本年度的数", "按文中的更正核对，以原文为准"
    ),
    "unit_doubtful": FindingKind(
        "error", "金额写有几种单位，或单位不是元、万元、亿元，不能确认数额", "核对原文表头、行名和表格上方所写的单位"
    ),
    "row_absent": FindingKind("info", "报告没有印出官方格式的这一行", "不必处理：记录中该行为 null"),
    "needed_by_sums": FindingKind(
        "error", "文中没有这一行，但合计须有它才能成立", "核对原文是报告没有印出这一行，还是抽取时丢失"
    ),
    "label_missing": FindingKind("error", "有一行数字，但没有行名", "对照原文，确定这几个数字属于哪一行"),
    "label_alone": FindingKind("error", "只有行名，没有它的数字", "核对原文该行的数字在何处"),
    "head_doubtful": FindingKind("error", "表头不全、重复或与各列对不上，不能确认是这一列", "对照原文表头，确定各列"),
    "order_alone": FindingKind(
        "error", "没有行名或表头，只凭官方格式的次序认定是哪一行、哪一列", "对照原文，确认次序与官方格式相同"
    ),
    "single_damage": FindingKind(
        "error",
        "有勾稽关系不成立，而只要一处损坏（如数字错开一格、两列或两行对调）就能解释",
        "对照原文，在列出的读法中选定",
    ),
    "readings_differ": FindingKind("error", "不同读法得出不同的记录，且都说得通", "对照原文，在列出的读法中选定"),
    "label_misprinted": FindingKind(
        "warning", "行名与官方名称略有出入，按最相近且唯一可能的一行读取", "核对行名是否印错"
    ),
    "row_of_its_own": FindingKind("warning", "报告自行增加的一行，官方格式没有，记录不收", "需要这一行时看原文"),
    "stray_cell": FindingKind("warning", "一行多出单元格，由该行自身的算术确定哪一个是多余的", "如有原件，核对该行"),
    "page_number": FindingKind("info", "表格中独占一行的页码，不是单元格", "不必处理"),
    "identity_fails": FindingKind(
        "warning",
        "文本所印数字不满足勾稽关系，且没有别的读法",
        "先与原件核对：抽错一个数字也会这样；与原件相符，才可能是报告所印有误，向发布单位核实；记录保留文本所印",
    ),
    "text_differs": FindingKind(
        "warning",
        "第一部分的文字所说的数与表格所印的不同；记录只取表格",
        "核对原文：文字和表格以哪一个为准，向发布单位核实",
    ),
    "text_counts_otherwise": FindingKind(
        "info", "第一部分的文字所说的数与表格所印的不同，但恰好合于另一种算法", "不必处理；引用时注意口径"
    ),
    "model_failed": FindingKind("warning", "模型没有给出可用的回答，记录出自规则", "看说明；可再运行一次"),
    "readers_agree": FindingKind("info", "规则与模型所读完全一致", "不必处理"),
    "readers_differ": FindingKind(
        "info", "规则与模型所读有不同；取哪一种由判定决定，见结论", "结论为 unresolved 时，对照原文"
    ),
    "input_unusable": FindingKind(
        "error", "输入无法读取，或不是年度报告（批量处理时记为一条）", "看说明，改正输入后再读"
    ),
    "reading_failed": FindingKind(
        "error", "读取中途出错，没有结果（批量处理时记为一条）", "看说明，并把该输入报告给本项目"
    ),
    "out_of_time": FindingKind(
        "error", "读取超过时限，没有结果", "看该输入是否为单份报告的文本；确需更久时用 --deadline 放宽时限"
    ),
    "agency_not_stated": FindingKind("info", "文中没有写明报告单位", "需要时由来源补充，不作推测"),
    "year_not_stated": FindingKind("info", "文中没有写明报告年度", "需要时由来源补充，不作推测"),
    "unit_not_stated": FindingKind("info", "金额没有写明单位", "不要假定单位；需要时核实"),
    "value_annotated": FindingKind("info", "单元格的数字带有说明文字", "记录只取数字，说明见原文"),
    "record_refused": FindingKind(
        "error", "所供记录没有被采纳：与原文所印不符，或没有内容", "对照原文逐格核对；或由引擎重读（--engine auto）"
    ),
    "record_read_again": FindingKind(
        "warning", "所供记录没有被采纳，本结果由引擎重读", "看各条不符之处，修正自己的解析程序"
    ),
    "cell_differs": FindingKind("warning", "所供记录的一格与所读不同", "对照列出的两处原文"),
    "zero_for_blank": FindingKind(
        "warning", "所供记录为 0，文中没有印数：空白单元格不是 0", "让解析程序把空白单元格留作 null"
    ),
    "blank_for_zero": FindingKind("warning", "所供记录为 null，文中印作 0：0 不是空白单元格", "让解析程序保留所印的 0"),
    "gap_filled": FindingKind("info", "所供记录没有的格，由原文补上", "不必处理；或让解析程序也读这些格"),
    "fact_differs": FindingKind(
        "warning", "所供记录的标题、单位、年度等与文中所写不同；结果只取文中所写", "核对记录是否属于这份报告"
    ),
    "parser_failed": FindingKind("warning", "调用者自己的解析程序没有给出可用的记录", "看说明，修正解析程序"),
}
