"""Limits shared out among workers, and a budget that several clients keep to together."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nianbao.pipeline.errors import BudgetError, SettingsError
from nianbao.pipeline.llm.client import connect
from nianbao.pipeline.llm.configuration import Variables, settings_from
from nianbao.pipeline.llm.settings import Settings
from nianbao.pipeline.llm.spent import Spent
from nianbao.pipeline.llm.wire import Pointing
from nianbao.pipeline.many.askers import shares

from tests.tools.standin import MODEL, StandIn, answer_from

from .made_up_runs import run

LIMITS = ("max_in_flight", "requests_per_minute", "tokens_per_minute")


@given(
    flights=st.integers(1, 300),
    requests=st.none() | st.integers(1, 300),
    tokens=st.none() | st.integers(1, 1_000_000),
    count=st.integers(1, 100),
)
def test_shares_add_up(flights: int, requests: int | None, tokens: int | None, count: int) -> None:
    """Every worker has some of each limit, all together have all of it, and nothing else differs between them."""
    whole = Settings(max_in_flight=flights, requests_per_minute=requests, tokens_per_minute=tokens, max_tokens=7)
    found = shares(whole, count)
    assert 1 <= len(found) <= count
    for name in LIMITS:
        limit, parts = getattr(whole, name), [getattr(share, name) for share in found]
        assert set(parts) == {None} if limit is None else (sum(parts) == limit and max(parts) - min(parts) <= 1)
        assert all(part is None or part >= 1 for part in parts)
    assert {share.model_copy(update={name: getattr(whole, name) for name in LIMITS}) for share in found} == {whole}


@pytest.mark.parametrize(
    ("limits", "count"),
    [
        ({"max_in_flight": 16}, 8),
        ({"max_in_flight": 3}, 3),
        ({"requests_per_minute": 2}, 2),
        ({"tokens_per_minute": 60_000}, 3),
        ({"tokens_per_minute": 5_000}, 1),
    ],
)
def test_small_limits_are_for_fewer(limits: dict[str, int], count: int) -> None:
    """No worker has less than one request, or fewer tokens a minute than a question takes."""
    assert len(shares(Settings.model_validate(limits), 8)) == count


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_cost": Decimal(1)}, "--max-cost 1 reached: 1.0000 US dollars spent"),
        ({"max_tokens": 100}, "--max-tokens 100 reached: 100 spent"),
    ],
)
def test_what_others_spent_counts(limits: dict[str, Decimal], says: str) -> None:
    """Where others have spent the budget, nothing is asked."""

    async def ask(url: str) -> None:
        settings = Settings.model_validate({"model": MODEL, "base_url": url, **limits})
        async with connect(settings, None) as client:
            client.spent, client.others = Spent(1, 0, 30, 10, 0, Decimal("0.4")), Spent(2, 0, 50, 10, 0, Decimal("0.6"))
            await client.ask([{"role": "user", "content": "?"}], Pointing)

    with StandIn(answer_from([])) as server, pytest.raises(BudgetError, match=says):
        asyncio.run(ask(server.url))
    assert server.requests == []


@pytest.mark.parametrize("runner", ["", "rays", "ray=", "dask=1"])
def test_a_runner_that_there_is_not(runner: str) -> None:
    """A usage error, before anything is read."""
    result = run("bulk", "nothing", "--out", "RUN", "--engine", "rules", "--runner", runner)
    assert (result.exit_code, "is none of local, ray, ray=HOST:PORT" in result.stderr) == (2, True)


def test_a_cache_of_another_kind() -> None:
    """An address that is no Redis's is refused by the variable's name, and is not repeated."""
    with pytest.raises(SettingsError) as refused:
        settings_from(Variables({"NIANBAO_CACHE_URL": "mysql://u:geheim@host"}))
    assert "setting cache_url (NIANBAO_CACHE_URL)" in str(refused.value)
    assert "geheim" not in str(refused.value)
