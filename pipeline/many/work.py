"""One report read, by rules or with a model: whatever goes wrong with it is its outcome."""

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from ...schemas.extraction import Coverage, Extraction, Finding, ModelUse, SourceInfo, Status, finding
from ..errors import InputError, SettingsError
from ..extract import Engine, extract_source, extract_with
from ..language import in_chinese
from ..llm.calls import asking_about
from ..source.decode import Source, read_source
from ..source.inputs import printable
from .pool import Pool
from .questions import Heard, Question, asks, do_asking, heard_of, until_asked
from .sources import Given
from .worker import EndedError, OverdueError

if TYPE_CHECKING:
    from ..llm.client import Client

_COMPRESSION = 3
_LONGEST_REASON = 500


class Facts(BaseModel):
    """What a summary needs of an extraction. fails: ids of the checks that fail; findings, doubts: codes, each once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status
    form: str | None
    year: int | None
    fails: tuple[str, ...]
    findings: tuple[str, ...]
    coverage: Coverage
    doubts: tuple[str, ...]
    model: ModelUse | None
    models: tuple[ModelUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a report. packed: its extraction as a line of JSON, a gzip member of its own. unread: it cannot be read."""

    packed: bytes
    facts: Facts
    unread: bool = False


def read_reports(reports: Sequence[Given]) -> list[Outcome]:
    """Reports → their outcomes by rules, in order."""
    return [read_report(given) for given in reports]


def read_report(given: Given) -> Outcome:
    """A report → its outcome by rules. Nothing that a report does raises an exception."""
    info = _info(given)
    try:
        source = source_of(given)
        info = source.info
        return outcome_of(extract_source(source))
    except Exception as error:  # whatever is wrong with the reader, the other reports are read
        return outcome_of(_unread(info, wrong(error, given)), unread=True)


async def ask(given: Given, engine: Engine, client: "Client", pool: Pool, deadline_s: float) -> Outcome:
    """A report → its outcome with a model, read in the pool. Where the model cannot be used, `client.unusable` says so.

    Raises SettingsError where the cache cannot be written.
    """
    try:
        work = partial(read_asking, engine)
        with asking_about(given.name):
            return outcome_of(await do_asking(pool, work, given, heard_of(client), asks(client), deadline_s))
    except SettingsError:
        raise
    except EndedError as error:
        return ended(given, error, deadline_s)
    except Exception as error:  # as in reading by rules
        return outcome_of(unread(given, wrong(error, given)), unread=True)


def read_asking(engine: Engine, asked: tuple[Given, Heard | None]) -> Extraction | Question:
    """A report → its extraction, or what a model must be asked first. Raises InputError where it is no such report."""
    given, heard = asked
    source = source_of(given)
    return until_asked(lambda client: extract_with(source, engine, client), heard) if heard else extract_source(source)


def wants_model(outcome: Outcome, engine: Engine) -> bool:
    """Whether a report that was read by rules is to be shown to the model."""
    return not outcome.unread and (engine == "model" or (engine == "auto" and outcome.facts.status == "unresolved"))


def ended(given: Given, error: EndedError, deadline_s: float) -> Outcome:
    """The outcome of a report whose reading was ended."""
    return outcome_of(unread(given, why_ended(error, deadline_s)), unread=True)


def why_ended(error: EndedError, deadline_s: float) -> Finding:
    if isinstance(error, OverdueError):
        return finding("out_of_time", f"读取超过 {deadline_s:g} 秒，被终止")
    return finding("reading_failed", "读取时进程被终止（可能是内存不足）")


def renamed(outcome: Outcome, name: str) -> Outcome:
    """The outcome of the same text under another name."""
    extraction = Extraction.model_validate_json(unpack(outcome.packed))
    source = extraction.source.model_copy(update={"name": name})
    return Outcome(_pack(extraction.model_copy(update={"source": source})), outcome.facts, outcome.unread)


def unpack(packed: bytes) -> bytes:
    """A packed line → the line, without its end."""
    return gzip.decompress(packed).rstrip(b"\n")


def key_of(given: Given) -> str | None:
    """What two reports with the same text have in common, in hexadecimal digits; None where there is no text."""
    if given.data is None:
        return None
    kind = b"text:" if isinstance(given.data, str) else b"bytes:"
    return hashlib.sha256(kind + _bytes(given.data)).hexdigest()


def wrong(error: Exception, given: Given) -> Finding:
    """What an error says, without the report's name: another report may have the same text."""
    said = in_chinese(" ".join(str(error).split())).removeprefix(given.name).removeprefix("：").removeprefix(": ")
    reason = printable(said)[:_LONGEST_REASON]
    if isinstance(error, InputError):
        return finding("input_unusable", f"无法读取：{reason}")
    return finding("reading_failed", f"读取出错：{type(error).__name__}：{reason}")


def source_of(given: Given) -> Source:
    """The text of a report; raises InputError where there is none."""
    if given.data is None:
        raise InputError(given.problem)
    return read_source(given.data, given.name)


def unread(given: Given, why: Finding) -> Extraction:
    """The extraction of a report that is not read."""
    return _unread(_info(given), why)


def _info(given: Given) -> SourceInfo:
    sha256 = "" if given.data is None else hashlib.sha256(_bytes(given.data)).hexdigest()
    return SourceInfo(name=given.name, sha256=sha256, characters=0, encoding="")


def _bytes(data: bytes | str) -> bytes:
    return data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")


def _unread(info: SourceInfo, why: Finding) -> Extraction:
    return Extraction(
        source=info,
        status="unresolved",
        reader="rules",
        report=None,
        coverage=Coverage(cells=0, vouched=0),
        evidence={},
        checks=(),
        findings=(why,),
    )


def outcome_of(extraction: Extraction, unread: bool = False) -> Outcome:
    report = extraction.report
    facts = Facts(
        status=extraction.status,
        form=report.form if report else None,
        year=report.year if report else None,
        fails=tuple(check.id for check in extraction.checks if check.outcome == "fail"),
        findings=_once(found.code for found in extraction.findings),
        coverage=extraction.coverage,
        doubts=_once(doubt.reason for doubt in extraction.doubts),
        model=extraction.model,
        models=extraction.models,
    )
    return Outcome(_pack(extraction), facts, unread)


def _pack(extraction: Extraction) -> bytes:
    return gzip.compress(extraction.model_dump_json().encode() + b"\n", _COMPRESSION, mtime=0)


def _once(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
