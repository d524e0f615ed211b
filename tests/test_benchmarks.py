"""What the benchmarks count."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

from nianbao.pipeline.many.pool import cores

from tests.tools.standin import StandIn, answer_from
from tests.tools.throughput import measure as measure_all
from tests.tools.tokens import measure, table, tokenizer, total

from .conftest import CASES


def test_tokens() -> None:
    """A whole question about a sample takes 3,900 tokens at most, most of which all questions begin with, and its answer 220."""
    found = asyncio.run(measure(CASES, "model", tokenizer()))
    of_one = total("samples", [t for t in found if t.calls == 1])
    assert of_one.into <= 3_900 * of_one.calls
    assert of_one.same > 2_000 * of_one.calls
    assert of_one.out <= 220 * of_one.calls
    assert len(table(found).splitlines()) == len(found) + 1


def test_reports_read_at_once(tmp_path: Path) -> None:
    """The benchmark counts the requests that were sent, what came of each report, and the time of the same work with the answers at hand."""
    texts = [CASES[1].text] * 2 * cores() + [case.text for case in CASES]
    with StandIn(answer_from(CASES)) as server:
        statuses, requests, seconds, bare = asyncio.run(measure_all(texts, server.url, tmp_path / "cache"))
    assert (statuses, requests) == (Counter(verified=4, unresolved=1), len(server.requests) - 1)
    assert min(bare, seconds) > 0


def test_rules_load_no_client() -> None:
    """Reading by rules loads neither instructor nor openai, nor what else only a model needs."""
    code = (
        "import sys, nianbao; nianbao.extract(open(sys.argv[1], encoding='utf-8').read(), 'rules');"
        "print(sorted(m for m in ('instructor', 'openai', 'httpx2', 'diskcache', 'genai_prices') if m in sys.modules))"
    )
    sample = Path(__file__).parent.parent / "eval" / "samples" / CASES[0].name
    done = subprocess.run([sys.executable, "-c", code, str(sample)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
