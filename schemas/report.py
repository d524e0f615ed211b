"""The record of one report: the official form, declared once.

The two forms: 国办公开办函〔2019〕60号 (reports of 2019 and 2020) and 国办公开办函〔2021〕30号 (from 2021 on). Labels, their known
variants, heads and identities stand here and nowhere else. `null` on a cell: the report prints nothing there; on a row:
the report has no such row. Blank is never 0.
"""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from .form import Column, Fact, FormModel, Group, Label, Prose, Row, Section, Stated, Sum

Count = int | None
Unit = Literal["元", "万元", "亿元"]
YUAN: dict[Unit, Decimal] = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}


class Amount(FormModel):
    """An amount of money as printed. `yuan` is the same amount in 元; both are null where no unit is stated."""

    figure: Annotated[str, Field(title="数额", pattern=r"^-?\d+(\.\d+)?$")]
    unit: Annotated[Unit | None, Field(title="单位")] = None
    yuan: Annotated[str | None, Field(title="折合元", pattern=r"^-?\d+(\.\d+)?$")] = None


_GAP = "[^0-9。;,]{0,16}?"
_FIGURE = "([0-9]{1,9}) ?(?:件|份|宗|条|起)"

# --- 二、主动公开政府信息情况 --------------------------------------------------------------------------------------------


class Documents(FormModel):
    made: Annotated[
        Count,
        Column(
            Label("本年新制作数量", "本年制作数量", "新制作数量", "制作数量", form="2019"),
            Label("本年制发件数", "本年制发数量", "制发件数", "制发数量", form="2021"),
        ),
    ] = None
    newly_disclosed: Annotated[Count, Column(Label("本年新公开数量", "本年公开数量", "新公开数量", form="2019"))] = None
    total_disclosed: Annotated[Count, Column(Label("对外公开总数量", "对外公开数量", "公开总数量", form="2019"))] = None
    repealed: Annotated[Count, Column(Label("本年废止件数", "本年废止数量", "废止件数", "废止数量", form="2021"))] = (
        None
    )
    in_force: Annotated[Count, Column(Label("现行有效件数", "现行有效数量", "现行有效件", form="2021"))] = None


_PRIOR = Column(Label("上一年项目数量", "上年项目数量", "上一年度项目数量", "上一年专案数量", form="2019"))
_CHANGE = Column(Label("本年增/减", "本年增减", "本年度增/减", "增/减", "本年数量", form="2019"), kind="change")


class Decisions(FormModel):
    prior_items: Annotated[Count, _PRIOR] = None
    change: Annotated[Count, _CHANGE] = None
    decisions: Annotated[
        Count, Column(Label("处理决定数量", form="2019"), Label("本年处理决定数量", "本年度处理决定数量", form="2021"))
    ] = None


class Fees(FormModel):
    prior_items: Annotated[Count, _PRIOR] = None
    change: Annotated[Count, _CHANGE] = None
    amount: Annotated[
        Amount | None, Column(Label("本年收费金额", "本年度收费金额", "收费金额", form="2021"), kind="amount")
    ] = None


class Procurement(FormModel):
    items: Annotated[Count, Column(Label("采购项目数量", "采购专案数量", form="2019"))] = None
    amount: Annotated[Amount | None, Column(Label("采购总金额", "采购金额", form="2019"), kind="amount")] = None


class Disclosure(FormModel):
    regulations: Annotated[Documents | None, Row("规章")] = None
    normative_documents: Annotated[
        Documents | None, Row(Label("规范性文件", "规范性档案"), Label("行政规范性文件", "行政规范性档案"))
    ] = None
    licensing: Annotated[Decisions | None, Row("行政许可")] = None
    other_services: Annotated[Decisions | None, Row(Label("其他对外管理服务事项", "其他对外管理服务", form="2019"))] = (
        None
    )
    penalties: Annotated[Decisions | None, Row("行政处罚")] = None
    compulsory_measures: Annotated[Decisions | None, Row("行政强制")] = None
    fees: Annotated[Fees | None, Row("行政事业性收费")] = None
    procurement: Annotated[Procurement | None, Row(Label("政府集中采购", form="2019"))] = None

    stated: ClassVar = (
        Stated(rf"(?:制发|制定|印发|出台){_GAP}规范性文件{_GAP}{_FIGURE}", ("normative_documents.made",)),
        Stated(rf"现行有效{_GAP}规范性文件{_GAP}{_FIGURE}", ("normative_documents.in_force",)),
    )


# --- 三、收到和处理政府信息公开申请情况 -----------------------------------------------------------------------------------


_BODIES = "法人或其他组织"


class Applicants(FormModel):
    natural_person: Annotated[Count, Column("自然人")] = None
    business: Annotated[Count, Column("商业企业", under=_BODIES)] = None
    research: Annotated[Count, Column("科研机构", under=_BODIES)] = None
    public_interest: Annotated[Count, Column(Label("社会公益组织", "社会公益机构"), under=_BODIES)] = None
    legal_service: Annotated[Count, Column(Label("法律服务机构", "法律服务组织"), under=_BODIES)] = None
    other: Annotated[Count, Column("其他", under=_BODIES)] = None
    total: Annotated[Count, Column(Label("总计", "合计"))] = None

    identities: ClassVar = (
        Sum(
            "sum",
            ("natural_person", "business", "research", "public_interest", "legal_service", "other"),
            ("total",),
            "各类申请人相加＝总计",
        ),
    )


class Denied(FormModel):
    state_secret: Annotated[Applicants | None, Row("1.属于国家秘密")] = None
    prohibited_by_law: Annotated[Applicants | None, Row("2.其他法律行政法规禁止公开")] = None
    security_stability: Annotated[Applicants | None, Row("3.危及“三安全一稳定”")] = None
    third_party_rights: Annotated[Applicants | None, Row("4.保护第三方合法权益")] = None
    internal_affairs: Annotated[Applicants | None, Row("5.属于三类内部事务信息")] = None
    deliberative_process: Annotated[Applicants | None, Row("6.属于四类过程性信息")] = None
    enforcement_file: Annotated[Applicants | None, Row("7.属于行政执法案卷")] = None
    administrative_inquiry: Annotated[Applicants | None, Row("8.属于行政查询事项")] = None


class NotProvided(FormModel):
    not_held: Annotated[Applicants | None, Row("1.本机关不掌握相关政府信息")] = None
    must_be_created: Annotated[Applicants | None, Row("2.没有现成信息需要另行制作")] = None
    unclear: Annotated[Applicants | None, Row("3.补正后申请内容仍不明确")] = None


class NotProcessed(FormModel):
    petition: Annotated[Applicants | None, Row("1.信访举报投诉类申请")] = None
    repeated: Annotated[Applicants | None, Row("2.重复申请")] = None
    publication: Annotated[Applicants | None, Row("3.要求提供公开出版物")] = None
    excessive: Annotated[Applicants | None, Row("4.无正当理由大量反复申请")] = None
    confirmation: Annotated[Applicants | None, Row("5.要求行政机关确认或重新出具已获取信息")] = None


class OtherOutcomes(FormModel):
    combined: Annotated[
        Applicants | None,
        Row(Label("（六）其他处理", "（六）其他", form="2019"), split=("uncorrected", "unpaid", "other")),
    ] = None
    uncorrected: Annotated[
        Applicants | None,
        Row(
            Label(
                "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
                "1.申请人无正当理由逾期不补正",
                "1.逾期不补正",
                form="2021",
            )
        ),
    ] = None
    unpaid: Annotated[
        Applicants | None,
        Row(
            Label(
                "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
                "2.申请人逾期未按收费通知要求缴纳费用",
                "2.逾期不缴费",
                form="2021",
            )
        ),
    ] = None
    other: Annotated[Applicants | None, Row(Label("3.其他", form="2021"))] = None

    identities: ClassVar = (
        Sum("combined", ("uncorrected", "unpaid", "other"), ("combined",), "（六）各项相加＝（六）"),
    )


class Requests(FormModel):
    received: Annotated[Applicants | None, Row(Label("一、本年新收政府信息公开申请数量", "一、本年新收"))] = None
    carried_in: Annotated[Applicants | None, Row(Label("二、上年结转政府信息公开申请数量", "二、上年结转"))] = None
    granted: Annotated[Applicants | None, Row("（一）予以公开")] = None
    partially_granted: Annotated[
        Applicants | None, Row(Label("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "（二）部分公开"))
    ] = None
    denied: Annotated[Denied, Group("（三）不予公开")] = Denied()
    not_provided: Annotated[NotProvided, Group("（四）无法提供")] = NotProvided()
    not_processed: Annotated[NotProcessed, Group("（五）不予处理")] = NotProcessed()
    other_outcomes: Annotated[OtherOutcomes, Group(Label("（六）其他处理", "（六）其他"))] = OtherOutcomes()
    processed_total: Annotated[Applicants | None, Row(Label("（七）总计", "（七）合计"))] = None
    carried_out: Annotated[
        Applicants | None, Row(Label("四、结转下年度继续办理", "四、结转下年度", "四、结转下年继续办理"))
    ] = None

    identities: ClassVar = (
        Sum(
            "balance", ("received", "carried_in"), ("processed_total", "carried_out"), "新收＋上年结转＝总计＋结转下年"
        ),
        Sum(
            "outcomes",
            ("granted", "partially_granted", "denied", "not_provided", "not_processed", "other_outcomes"),
            ("processed_total",),
            "各项办理结果相加＝（七）总计",
        ),
    )
    stated: ClassVar = (
        Stated(
            rf"(?:收到|新收|受理|接收){_GAP}申请(?!人){_GAP}{_FIGURE}",
            ("received.total",),
            (("含上年结转", ("received.total", "carried_in.total")),),
        ),
        Stated(rf"上年度?结转{_GAP}{_FIGURE}", ("carried_in.total",)),
        Stated(
            rf"(?:答复|办结){_GAP}{_FIGURE}",
            ("processed_total.total",),
            (
                ("不计上年结转", ("processed_total.total", "-carried_in.total")),
                ("含结转下年", ("processed_total.total", "carried_out.total")),
            ),
        ),
        Stated(rf"结转(?:至|到)?(?:下|次|20[0-9][0-9])年度?{_GAP}{_FIGURE}", ("carried_out.total",)),
    )


# --- 四、政府信息公开行政复议、行政诉讼情况 -------------------------------------------------------------------------------


class Results(FormModel):
    upheld: Annotated[Count, Column("结果维持")] = None
    corrected: Annotated[Count, Column("结果纠正")] = None
    other: Annotated[Count, Column("其他结果")] = None
    pending: Annotated[Count, Column("尚未审结")] = None
    total: Annotated[Count, Column(Label("总计", "合计"))] = None

    identities: ClassVar = (Sum("sum", ("upheld", "corrected", "other", "pending"), ("total",), "各项结果相加＝总计"),)


class ReviewLitigation(FormModel):
    reconsideration: Annotated[Results | None, Row("行政复议")] = None
    litigation_direct: Annotated[Results | None, Row(Label("未经复议直接起诉", "未经复议直接诉讼"))] = None
    litigation_after_reconsideration: Annotated[Results | None, Row(Label("复议后起诉", "复议后诉讼"))] = None

    stated: ClassVar = (
        Stated(
            rf"行政复议{_GAP}{_FIGURE}",
            ("reconsideration.total",),
            (("不计尚未审结", ("reconsideration.total", "-reconsideration.pending")),),
        ),
        Stated(
            rf"行政诉讼{_GAP}{_FIGURE}",
            ("litigation_direct.total", "litigation_after_reconsideration.total"),
            (
                (
                    "不计尚未审结",
                    (
                        "litigation_direct.total",
                        "litigation_after_reconsideration.total",
                        "-litigation_direct.pending",
                        "-litigation_after_reconsideration.pending",
                    ),
                ),
            ),
        ),
    )


# --- The record ------------------------------------------------------------------------------------------------------


class Narrative(FormModel):
    overview: Annotated[str | None, Prose("总体情况", number="一", like="总体情况|总体概况|基本情况|工作概述|概述")] = (
        None
    )
    problems_and_improvements: Annotated[
        str | None,
        Prose(
            "存在的主要问题及改进情况",
            number="五",
            like="(存在|主要|工作).{0,4}(问题|不足).{0,12}|.{0,6}问题.{0,6}(改进|整改).{0,6}",
        ),
    ] = None
    other_matters: Annotated[
        str | None,
        Prose("其他需要报告的事项", number="六", like="(其他|其它).{0,4}报告.{0,2}事项.{0,4}|其他(事项|情况)"),
    ] = None
    problems: Annotated[tuple[str, ...], Prose("存在的问题", part_of="problems_and_improvements")] = ()
    improvements: Annotated[
        tuple[str, ...],
        Prose(
            "改进措施",
            part_of="problems_and_improvements",
            turn="(改进|整改|工作)(措施|情况|打算|计划)|针对.{0,20}(问题|不足)|下一步|今后|改进[::]",
        ),
    ] = ()


class Report(FormModel):
    """One yearly report on open government information, as printed."""

    form: Annotated[Literal["2019", "2021", "mixed"] | None, Fact("所用格式", what="form")] = None
    agency: Annotated[str | None, Fact("报告单位", what="agency")] = None
    year: Annotated[int | None, Fact("报告年度", what="year")] = None
    title: Annotated[str | None, Fact("标题", what="title")] = None
    issued_on: Annotated[str | None, Fact("落款日期", what="date")] = None
    disclosure: Annotated[
        Disclosure,
        Section(
            "主动公开政府信息情况",
            number="二",
            like="主动公开(政府)?信息(的)?(情况)?|(政府信息)?主动公开(的)?情况",
            heads="printed",
            words=("中华人民共和国政府信息公开条例", "第二十条第项", "第二十条项", "信息内容", "资讯内容"),
        ),
    ] = Disclosure()
    requests: Annotated[
        Requests,
        Section(
            "收到和处理政府信息公开申请情况",
            number="三",
            like="(收到|受理|接受)和?(处理|办理).{0,8}申请.{0,4}情况|.{0,8}申请(公开)?(政府信息)?(的)?(办理|处理)?情况",
            heads="fixed",
            words=(
                "本列数据的勾稽关系为第一项加第二项之和等于第三项加第四项之和",
                "申请人情况",
                _BODIES,
                "三、本年度办理结果",
            ),
        ),
    ] = Requests()
    review_litigation: Annotated[
        ReviewLitigation,
        Section(
            Label("政府信息公开行政复议、行政诉讼情况", "因政府信息公开工作被申请行政复议、提起行政诉讼情况"),
            number="四",
            like=".{0,20}复议.{0,12}诉讼.{0,6}情况",
            heads="fixed",
            side_by_side=True,
            words=("行政诉讼",),
        ),
    ] = ReviewLitigation()
    narrative: Annotated[Narrative, Group("文字部分")] = Narrative()
