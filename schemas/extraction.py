"""What comes out for one report: the record, where each cell stands, the checks, the findings and the verdict."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from .findings import FINDINGS, Severity
from .report import Amount, Report

CONTRACT: Literal["nianbao/2"] = "nianbao/2"

Status = Literal["verified", "discrepant", "unresolved"]
Reader = Literal["rules", "model", "supplied"]
Basis = Literal["read", "blank", "inferred"]
Trust = Literal["vouched", "doubtful"]
Stretch = tuple[int, int]
"""Half-open, in characters of the decoded source."""
Kind = Literal["text", "html", "mhtml", "docx", "pdf", "image"]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in points from the top left corner of a page as it is displayed."""
Outcome = Literal["pass", "fail", "not_assessable"]


def _is_none(value: object) -> bool:
    return value is None


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class SourceInfo(_Frozen):
    """What was read, and how. sha256: of the bytes as given (of the UTF-8 form where text was given).

    kind: what the input is, by its content; null where it was not read. characters: of the text, which for a PDF, a DOCX and a
    saved page is the one that the program made. encoding: "" where the input is no text. pages: null where it has none.
    extractor: the library that read the document, with its version, and the engine that read its pictures; null for text.
    """

    name: str
    sha256: str
    characters: int
    encoding: str
    kind: Annotated[Kind | None, Field(title="文件种类")] = None
    pages: Annotated[int | None, Field(title="页数")] = None
    extractor: Annotated[str | None, Field(title="读取文件的程序库")] = None


class Evidence(_Frozen):
    """Where a cell stands: `source[start:end] == text`, half-open, in characters of the decoded source.

    start and end are null for a cell whose blank left no trace. trust: whether the cell is vouched for, because all readings
    that survive agree on it. label and head: the stretches that name its row and its column; empty where order alone says so.
    page, counted from 1, and box, [left, top, right, bottom] in points from the top left corner of the page as it is displayed:
    where the cell stands in a document that has pages; these two keys are there only then.
    """

    text: str
    start: int | None
    end: int | None
    basis: Annotated[Basis, Field(title="依据")]
    trust: Annotated[Trust, Field(title="可信")]
    label: Annotated[tuple[Stretch, ...], Field(title="行名出处")] = ()
    head: Annotated[tuple[Stretch, ...], Field(title="表头出处")] = ()
    page: Annotated[int | None, Field(title="页", exclude_if=_is_none)] = None
    box: Annotated[Box | None, Field(title="页上的位置", exclude_if=_is_none)] = None


class Coverage(_Frozen):
    """How many cells of the record are not absent, and how many of them are vouched for."""

    cells: Annotated[int, Field(title="格数")]
    vouched: Annotated[int, Field(title="确认格数")]


class Choice(_Frozen):
    """What one reading that survives would put at the paths of a doubt. cost: of its damages; the cheapest is the likeliest.

    values: a null is a blank; a path that is not in it is absent by this reading. evidence: where each value stands, null for a
    blank that left no trace.
    """

    by: Annotated[str, Field(title="读法")]
    cost: Annotated[float, Field(title="代价")]
    values: Annotated[dict[str, int | Amount | None], Field(title="各格的值")]
    evidence: Annotated[dict[str, Stretch | None], Field(title="各格的出处")]


class Doubt(_Frozen):
    """Cells on which the readings that survive differ, with what each would put there; no choices where nothing could be read."""

    reason: Annotated[str, Field(title="缘由", description="the code of a finding, as listed in docs/findings.md")]
    paths: Annotated[tuple[str, ...], Field(title="存疑的格")]
    choices: Annotated[tuple[Choice, ...], Field(title="可能的读法")] = ()


class ReaderShare(_Frozen):
    """A reader that read the report: on how many of its cells it agrees with the record, of how many."""

    reader: Annotated[Reader, Field(title="读取方式")]
    agrees: Annotated[int, Field(title="一致格数")]
    cells: Annotated[int, Field(title="格数")]


class Check(_Frozen):
    """One identity, assessed. left and right: the sums of both sides, null where not assessable."""

    id: str
    outcome: Outcome
    left: int | None
    right: int | None
    paths: tuple[str, ...]
    message: str


class Finding(_Frozen):
    """Something a person may want to know or must decide; codes are listed in docs/findings.md."""

    code: str
    severity: Severity
    path: str | None
    message: str


def finding(code: str, message: str, path: str | None = None) -> Finding:
    """A finding with the severity that its code has; raises KeyError for a code that is not listed."""
    return Finding(code=code, severity=FINDINGS[code].severity, path=path, message=message)


class ModelUse(_Frozen):
    """What the model was asked for this report."""

    name: str
    prompt: str
    calls: int
    cached_calls: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: Annotated[int, Field(description="of those in, how many the endpoint had read before")] = 0
    cost: Annotated[Decimal | None, PlainSerializer(str, return_type=str, when_used="json-unless-none")]


class Extraction(_Frozen):
    """The result for one report.

    verified: every cell is tied to its own place, nothing numeric in the tables is left over, every identity that can be
    assessed holds. discrepant: as verified, except that the report as printed does not add up. unresolved: some cells cannot
    be vouched for; `trust` says which, `doubts` what they could be. Only where it is verified or discrepant is every cell vouched
    for. report is null where nothing could be read.
    """

    contract: Annotated[Literal["nianbao/2"], Field(title="契约版本")] = CONTRACT
    source: Annotated[SourceInfo, Field(title="来源")]
    status: Annotated[Status, Field(title="结论")]
    reader: Annotated[Reader, Field(title="读取方式")]
    report: Annotated[Report | None, Field(title="记录")]
    coverage: Annotated[Coverage, Field(title="确认范围")]
    evidence: Annotated[dict[str, Evidence], Field(title="出处")]
    doubts: Annotated[tuple[Doubt, ...], Field(title="存疑")] = ()
    checks: Annotated[tuple[Check, ...], Field(title="勾稽核对")]
    findings: Annotated[tuple[Finding, ...], Field(title="核查提示")]
    readers: Annotated[tuple[ReaderShare, ...], Field(title="各读取方式")] = ()
    model: Annotated[ModelUse | None, Field(title="模型用量")] = None
    models: Annotated[
        tuple[ModelUse, ...], Field(title="各模型用量", description="where several models were asked; else empty")
    ] = ()


def coverage_of(evidence: Mapping[str, Evidence]) -> Coverage:
    """The evidence of a record's cells → how many there are, and how many are vouched for."""
    return Coverage(cells=len(evidence), vouched=sum(e.trust == "vouched" for e in evidence.values()))
