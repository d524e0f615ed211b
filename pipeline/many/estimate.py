"""What a run would ask a model, and what that would cost: read by rules only, nothing is sent."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from ..errors import InputError
from ..extract import REPORT, Engine
from ..llm.answer import Tokens
from ..llm.cache import open_cache
from ..llm.prices import price
from ..llm.question import question_key
from ..llm.settings import Settings
from ..llm.tokens import count_tokens
from ..page import lay_out
from ..readers.model import Asking
from ..readers.pointing import point
from ..readers.rules import ByRules, judge_rules
from .order import in_order
from .pool import Pool
from .shards import Committed, Shard
from .sources import Given
from .texts import Texts
from .work import source_of
from .worker import EndedError


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a shard. questions: what would be asked first about each report that a model would be asked about."""

    reports: int
    same: int
    unread: int
    questions: tuple["Expected", ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """A question: its key, and about how many tokens it is, and its answer."""

    key: str
    input_tokens: int
    output_tokens: int


@dataclass
class Estimate:
    """Counts of reports and tokens.

    same: reports with the text of another. kept: questions whose answers are in the cache. shared: those asked for another
    report already.
    """

    settings: Settings
    reports: int = 0
    same: int = 0
    unread: int = 0
    to_model: int = 0
    shared: int = 0
    kept: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def calls(self) -> int:
        """Requests that would be sent."""
        return self.to_model - self.shared - self.kept

    @property
    def cost(self) -> Decimal | None:
        """In US dollars; None where no model is configured, or no price is known."""
        return price(self.settings, Tokens(self.input_tokens, self.output_tokens)) if self.settings.model else None

    def lines(self, batch_price: str) -> Iterator[str]:
        """What is estimated, for a person. batch_price: of a token in a batch, beside its own."""
        yield f"{self.reports:>12,} reports, of which"
        yield f"{self.same:>12,} have the text of another and are read with it"
        yield f"{self.unread:>12,} cannot be read"
        yield f"{self.to_model:>12,} would go to {self.settings.model or 'a model'}"
        yield f"{self.kept:>12,} of these have their answers in the cache"
        yield f"{self.shared:>12,} of these show the model what another shows it"
        yield f"{self.calls:>12,} requests, about"
        yield f"{self.input_tokens:>12,} tokens in, about"
        yield f"{self.output_tokens:>12,} tokens out, about"
        if self.cost is None:
            why = "set --input-price and --output-price" if self.settings.model else "set NIANBAO_MODEL"
            yield f"{'unknown':>12} cost: no price is known; {why}"
        else:
            yield f"{self.cost:>12.4f} US dollars, about"
            yield f"{self.cost * Decimal(batch_price):>12.4f} US dollars with --batch, at {batch_price} of the price"
        yield (
            "An estimate: tokens as OpenAI's o200k counts them, answers as long as the rules' reading of what is open;"
            " an answer that cannot be meant is asked about once more, and further models are not counted."
        )


async def estimate(
    shards: Iterator[Shard | Committed],
    engine: Engine,
    settings: Settings,
    pool: Pool,
    texts: Texts,
    deadline_s: float,
) -> Estimate:
    """Read by rules what a run would read, and count what it would ask. texts: an index, in which questions are noted too.

    Raises SettingsError where the cache cannot be opened.
    """
    found = Estimate(settings)
    works = (_counts(s, engine, settings, pool, deadline_s) for s in shards if isinstance(s, Shard))
    with open_cache(settings) if settings.model else nullcontext() as cache:
        async for counts in in_order(works, pool.workers):
            found.reports += counts.reports
            found.same += counts.same
            found.unread += counts.unread
            for question in counts.questions:
                found.to_model += 1
                if cache is not None and cache.get(question.key) is not None:
                    found.kept += 1
                elif texts.first(question.key, (0, 0)) is not None:
                    found.shared += 1
                else:
                    found.input_tokens += question.input_tokens
                    found.output_tokens += question.output_tokens
    return found


async def _counts(shard: Shard, engine: Engine, settings: Settings, pool: Pool, deadline_s: float) -> Counts:
    counted = await pool.each(partial(count, engine, settings), shard.unread, deadline_s)
    unread = sum(isinstance(found, EndedError | None) for found in counted)
    questions = tuple(found for found in counted if isinstance(found, Expected))
    return Counts(len(shard.reports), len(shard.same), unread, questions)


def count(engine: Engine, settings: Settings, given: Given) -> "Expected | tuple[()] | None":
    """A report → the question that would be asked about it, () for none; None where it cannot be read. In a worker process."""
    try:
        rules = judge_rules(lay_out(source_of(given), REPORT), REPORT)
    except Exception:  # whatever is wrong with the report or its reader, a run says it
        return None
    if engine == "auto" and rules.extraction.status != "unresolved":
        return ()
    return _expected(rules, settings, first=engine == "model") or ()


def _expected(rules: ByRules, settings: Settings, *, first: bool) -> Expected | None:
    """The first question about a report, and an answer as long as the rules' own reading."""
    try:
        asking = Asking.of(rules, REPORT, first=first)
    except InputError:
        return None
    if not (sections := asking.sections()):
        return None
    messages, answer = asking.question(sections)
    told = [m["content"] for m in messages] + [json.dumps(answer.model_json_schema(), ensure_ascii=False)]
    cells = {p: c.slot for one in rules.weighed if one.section.path in sections for p, c in one.cells.items()}
    expected = point(cells, asking.shown, REPORT).model_dump_json()
    key = question_key(settings, messages, answer)
    return Expected(key, sum(map(count_tokens, told)), count_tokens(expected))
