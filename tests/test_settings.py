"""Settings: from the environment, over a `.env` file, with flags first; wrong ones refused by name."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nianbao.eval.standin import MODEL, StandIn, answer_from
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.settings import Settings, environment, settings_from

from .conftest import CASES, SURE

SECRET = "sk-marker-1234"


def test_where_settings_come_from() -> None:
    """Flags win over the environment, nianbao's own key over OpenAI's; an empty variable is none."""
    environ = {"NIANBAO_MODEL": "m", "OPENAI_API_KEY": "other", "NIANBAO_API_KEY": SECRET, "NIANBAO_BASE_URL": ""}
    found = settings_from(environ, model=None, max_in_flight=3)
    assert (found.model, found.base_url, found.max_in_flight) == ("m", None, 3)
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == SECRET
    assert settings_from(environ, model="n").model == "n"
    assert settings_from({"OPENAI_API_KEY": "other"}).api_key is not None


@pytest.mark.parametrize(
    ("environ", "flags", "says"),
    [
        ({"NIANBAO_BASE_URL": "localhost:8000"}, {}, r"setting base_url \(NIANBAO_BASE_URL\)"),
        ({}, {"max_in_flight": 0}, "setting max_in_flight: Input should be greater than or equal to 1"),
        ({}, {"max_cost": "a lot"}, "setting max_cost"),
        ({}, {"tiemout_s": 3}, "setting tiemout_s: Extra inputs are not permitted"),
    ],
)
def test_wrong_settings(environ: dict[str, str], flags: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as error:
        settings_from({**environ, "NIANBAO_API_KEY": SECRET}, **flags)
    assert SECRET not in repr(error.value)


def test_a_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` in the working folder gives what the environment does not."""
    (tmp_path / ".env").write_text(
        f"NIANBAO_MODEL=of-file\nNIANBAO_BASE_URL=http://file/v1\nNIANBAO_API_KEY={SECRET}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIANBAO_MODEL", "of-environment")
    monkeypatch.delenv("NIANBAO_BASE_URL", raising=False)
    found = settings_from(environment())
    assert (found.model, found.base_url) == ("of-environment", "http://file/v1")
    assert SECRET not in repr(found) + str(found) + found.model_dump_json()


@pytest.fixture
def samples_here(tmp_path: Path) -> Path:
    """The samples, in the working folder."""
    for sample in SURE:
        (tmp_path / sample.name).write_text(sample.text, encoding="utf-8")
    return tmp_path


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(args))
    return result.exit_code, result.stdout, result.stderr


def flags(server: StandIn) -> tuple[str, ...]:
    return ("--model", MODEL, "--base-url", server.url)


def test_doctor(samples_here: Path) -> None:
    """The doctor tells what is set and what the endpoint does; a key is only said to be set."""
    with StandIn(answer_from([])) as server:
        status, out, _ = run("doctor", *flags(server))
    assert (status, "structured answers as json_schema: understood" in out) == (0, True)
    assert f"model {MODEL}: listed" in out
    assert "api_key    (not set)" in out
    assert str(samples_here / "cache") in out


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        (["401"], "the key was refused"),
        (["not_json"] * 2, "gives no structured answer"),
        (["400"] * 3, "refuses every way"),
    ],
)
@pytest.mark.usefixtures("samples_here")
def test_doctor_finds_what_is_wrong(faults: list[str], says: str) -> None:
    with StandIn(answer_from([]), faults) as server:
        status, _, err = run("doctor", *flags(server))
    assert (status, says in err, "Traceback" in err) == (3, True, False)


@pytest.mark.usefixtures("samples_here")
def test_doctor_without_a_model() -> None:
    status, out, err = run("doctor")
    assert (status, "model      (not set)" in out, "set NIANBAO_MODEL" in err) == (3, True, True)
    assert run("doctor", "--base-url", "nowhere")[0] == 2


def test_extract_with_a_model(samples_here: Path) -> None:
    """Reports are read in the order given; the second run sends nothing; the cache tells, is verified and cleared."""
    names = [s.name for s in SURE]
    with StandIn(answer_from(CASES)) as server:
        status, out, err = run("extract", *names, "--engine", "model", "--json", *flags(server))
        again = run("extract", *names, "--engine", "model", *flags(server))
        assert (len(server.requests), again[0]) == (len(names), 0)
    assert (status, err, len(out.splitlines())) == (0, "", len(names))
    assert [line.split('"name":"')[1].split('"')[0] for line in out.splitlines()] == names
    assert "4 answers" in run("cache", "info")[1]
    assert run("cache", "verify")[1] == "4 entries, 0 damaged\n"
    for file in (samples_here / "cache").rglob("*.val"):
        file.write_bytes(b"\xff")
    assert run("cache", "clear", "--yes")[0] == 0
    assert not (samples_here / "cache").exists()


@pytest.mark.usefixtures("samples_here")
def test_an_endpoint_that_fails_loses_nothing() -> None:
    """Where the endpoint refuses, every report is still read by rules, and the exit status is 3 with one message."""
    names = [s.name for s in SURE]
    with StandIn(answer_from(CASES), ["401"] * 9) as server:
        status, out, err = run("extract", *names, "--engine", "model", "--json", *flags(server))
    assert (status, len(out.splitlines()), out.count('"status":"verified","reader":"rules"')) == (3, 4, 4)
    assert err.splitlines() == [err.strip()]
    assert "the key was refused" in err


@pytest.mark.usefixtures("samples_here")
def test_what_a_model_could_do_is_said_once() -> None:
    """Without a model `auto` reads by rules, and says once what a model could do, where something is left."""
    Path("open.txt").write_text(SURE[0].text.replace("规章\t0\t0\t0", "规章"), encoding="utf-8")
    status, _, err = run("extract", "open.txt", "open.txt", "--json")
    assert (status, err) == (
        1,
        "nianbao: 2 unresolved; a model could look at them: set NIANBAO_MODEL, see nianbao doctor\n",
    )
    assert run("extract", SURE[0].name, "--json")[2] == ""
    assert run("extract", "open.txt", "--json", "--engine", "rules")[2] == ""
    assert run("extract", "open.txt", "--engine", "model")[0] == 3


@pytest.mark.usefixtures("samples_here")
def test_a_budget_of_tokens() -> None:
    """Above the budget nothing more is asked; what was read is kept, and the exit status says so."""
    names = [s.name for s in SURE]
    with StandIn(answer_from(CASES)) as server:
        budget = ("--max-tokens", "3000", "--max-in-flight", "1")
        status, out, err = run("extract", *names, "--engine", "model", "--json", *budget, *flags(server))
        assert len(server.requests) == 2
    assert (status, len(out.splitlines()), out.count('"status":"verified","reader":"model"')) == (3, 4, 2)
    assert "--max-tokens 3,000 reached" in err


def test_settings_are_few_and_described() -> None:
    """Each setting has a description in both languages for the docs."""
    assert all(f.description and f.title for f in Settings.model_fields.values())
