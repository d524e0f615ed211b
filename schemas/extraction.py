"""What comes out for one report: the record, where each cell stands, the checks, the findings and the verdict."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from .findings import FINDINGS, Severity
from .report import Report

CONTRACT: Literal["nianbao/1"] = "nianbao/1"

Status = Literal["verified", "discrepant", "unresolved"]
Reader = Literal["rules", "model", "supplied"]
Basis = Literal["read", "blank", "inferred"]
Outcome = Literal["pass", "fail", "not_assessable"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceInfo(_Frozen):
    """Which text was read. sha256: of the bytes as given (of the UTF-8 form where text was given)."""

    name: str
    sha256: str
    characters: int
    encoding: str


class Evidence(_Frozen):
    """Where a cell stands: `source[start:end] == text`, half-open, in characters of the decoded source.

    start and end are null for a cell whose blank left no trace.
    """

    text: str
    start: int | None
    end: int | None
    basis: Basis


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
    cost: Annotated[Decimal | None, PlainSerializer(str, return_type=str, when_used="json-unless-none")]


class Extraction(_Frozen):
    """The result for one report.

    verified: every cell is tied to its own place, nothing numeric in the tables is left over, every identity that can be
    assessed holds. discrepant: as verified, except that the report as printed does not add up. unresolved: neither can be
    vouched for; the findings say what is in doubt.
    """

    contract: Annotated[Literal["nianbao/1"], Field(title="契约版本")] = CONTRACT
    source: Annotated[SourceInfo, Field(title="来源")]
    status: Annotated[Status, Field(title="结论")]
    reader: Annotated[Reader, Field(title="读者")]
    report: Annotated[Report | None, Field(title="记录")]
    evidence: Annotated[dict[str, Evidence], Field(title="出处")]
    checks: Annotated[tuple[Check, ...], Field(title="勾稽核对")]
    findings: Annotated[tuple[Finding, ...], Field(title="发现")]
    model: Annotated[ModelUse | None, Field(title="模型用量")] = None
