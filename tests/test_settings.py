"""Settings: from the environment, over a `.env` file, with flags first; wrong ones refused by name."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nianbao.pipeline.cli.main import main
from nianbao.pipeline.errors import SettingsError
from nianbao.pipeline.llm.configuration import Variables, configuration, environment, settings_from
from nianbao.pipeline.llm.settings import Settings

from tests.tools.standin import MODEL, StandIn, answer_from

from .conftest import CASES, SURE

pytestmark = pytest.mark.usefixtures("read_once")

SECRET = "sk-marker-1234"


def test_where_settings_come_from() -> None:
    """Flags win over the environment, nianbao's own key over OpenAI's; an empty variable is none."""
    environ = Variables(
        {"NIANBAO_MODEL": "m", "OPENAI_API_KEY": "other", "NIANBAO_API_KEY": SECRET, "NIANBAO_BASE_URL": ""}
    )
    found = settings_from(environ, model=None, max_in_flight=3)
    assert (found.model, found.base_url, found.max_in_flight) == ("m", None, 3)
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == SECRET
    assert settings_from(environ, model="n").model == "n"
    assert settings_from(Variables({"OPENAI_API_KEY": "other"})).api_key is not None


@pytest.mark.parametrize(
    ("environ", "flags", "says"),
    [
        ({"NIANBAO_BASE_URL": "localhost:8000"}, {}, r"setting base_url \(NIANBAO_BASE_URL\)"),
        ({"NIANBAO_BASE_URL": "http://"}, {}, "begins with http://"),
        ({"NIANBAO_BASE_URL": f"http://u:{SECRET}@host/v1"}, {}, "an address without user, password"),
        ({"NIANBAO_BASE_URL": f"http://host/v1?key={SECRET}"}, {}, "an address without user, password"),
        ({"NIANBAO_BASE_URL": f"http://{SECRET}:x@[host/v1"}, {}, r"setting base_url \(NIANBAO_BASE_URL\)"),
        ({}, {"max_in_flight": 0}, "setting max_in_flight: Input should be greater than or equal to 1"),
        ({}, {"max_cost": "a lot"}, "setting max_cost"),
        ({}, {"tiemout_s": 3}, "setting tiemout_s: Extra inputs are not permitted"),
    ],
)
def test_wrong_settings(environ: dict[str, str], flags: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as error:
        settings_from(Variables({**environ, "NIANBAO_API_KEY": SECRET}), **flags)
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


ENV, FILE = {"NIANBAO_API_KEY": "of-environment"}, {"NIANBAO_BASE_URL": "http://file/v1"}
OWN = {"NIANBAO_BASE_URL": "http://own/v1"}


@pytest.mark.parametrize(
    ("environ", "file", "flags", "key"),
    [
        (ENV, FILE, {}, None),
        ({"OPENAI_API_KEY": "of-environment"}, FILE, {}, None),
        (ENV, {**FILE, "NIANBAO_API_KEY": "of-file"}, {}, "of-file"),
        (ENV, {**FILE, "OPENAI_API_KEY": "of-file"}, {}, "of-file"),
        (ENV, {**FILE, "NIANBAO_API_KEY": "${NIANBAO_API_KEY}"}, {}, "${NIANBAO_API_KEY}"),
        (ENV, FILE, {"base_url": "http://file/v1"}, "of-environment"),
        ({**ENV, **FILE}, FILE, {}, "of-environment"),
        ({**ENV, **OWN}, FILE, {}, "of-environment"),
        (ENV, {}, {}, "of-environment"),
        (OWN, {"NIANBAO_API_KEY": "of-file"}, {}, "of-file"),
        ({}, FILE, {}, None),
    ],
)
def test_a_key_goes_where_it_belongs(
    environ: dict[str, str],
    file: dict[str, str],
    flags: dict[str, str],
    key: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The environment's key goes to no address that only a `.env` of the folder names; where that leaves none, it is said."""
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in file.items()))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = settings_from(environment(), **flags).api_key
    assert (found.get_secret_value() if found else None) == key
    assert ("is not sent to the address" in caplog.text) == (key is None and environ != {})
    assert "of-environment" not in caplog.text


TABLES = """
model = "cheap,strong"
max_in_flight = 3
temperature = 1

[models.cheap]
model = "qwen-plus"
base_url = "http://cheap/v1"
api_key = "of-table"
extra_body = {enable_thinking = false}

[models.strong]
base_url = "http://strong/v1"
api_key_env = "STRONG_KEY"
reasoning_effort = "high"
temperature = 0.5
"""


def told(found: Settings) -> dict[str, Any]:
    """What is set other than by default, keys in the open."""
    keys = {"api_key": found.api_key.get_secret_value()} if found.api_key else {}
    return {**found.model_dump(exclude_defaults=True, exclude={"api_key", "then", "cache_dir"}), **keys}


CHEAP = {
    "model": "qwen-plus", "base_url": "http://cheap/v1", "api_key": "of-table", "max_in_flight": 3, "temperature": 1.0,
    "extra_body": {"enable_thinking": False},
}  # fmt: skip
STRONG = {
    "model": "strong", "base_url": "http://strong/v1", "max_in_flight": 3, "temperature": 0.5, "reasoning_effort": "high",
}  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "env_file", "named", "flags", "models", "says"),
    [
        ({"STRONG_KEY": "k"}, "", True, {}, [CHEAP, {**STRONG, "api_key": "k"}], ""),
        ({"STRONG_KEY": "k"}, "", False, {}, [CHEAP, STRONG], "STRONG_KEY of the environment is not sent for nianbao.toml"),
        ({}, "STRONG_KEY=k", False, {}, [CHEAP, {**STRONG, "api_key": "k"}], ""),
        ({}, "", True, {}, [CHEAP, STRONG], "STRONG_KEY, which nianbao.toml names, is not set; no key is sent"),
        # A key that stands for all models goes to no address of one model.
        ({"NIANBAO_API_KEY": "k", "STRONG_KEY": ""}, "", True, {"model": "strong"}, [STRONG], ""),
        # A model without a table is the common settings, and takes the common key.
        ({"NIANBAO_MODEL": "other", "NIANBAO_API_KEY": "k"}, "", False, {},
         [{"model": "other", "api_key": "k", "max_in_flight": 3, "temperature": 1.0}], ""),
        # The environment is above what is said of all models, a flag above all.
        ({"NIANBAO_TEMPERATURE": "0.2", "NIANBAO_MODEL": "cheap, x"}, "", False, {"max_in_flight": 9},
         [{**CHEAP, "max_in_flight": 9, "temperature": 0.2}, {"model": "x", "max_in_flight": 9, "temperature": 0.2}], ""),
        ({"STRONG_KEY": "k"}, "", True, {"model": "strong", "temperature": 2.0, "base_url": "http://own/v1"},
         [{**STRONG, "api_key": "k", "temperature": 2.0, "base_url": "http://own/v1"}], ""),
    ],
)  # fmt: skip
def test_a_table_for_each_model(
    environ: dict[str, str],
    env_file: str,
    named: bool,
    flags: dict[str, Any],
    models: list[dict[str, Any]],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`nianbao.toml` gives each model its address, its key and its settings; what is not said there is said of all models."""
    (tmp_path / "nianbao.toml").write_text(TABLES)
    (tmp_path / ".env").write_text(env_file)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    found = settings_from(configuration("nianbao.toml" if named else None), **flags)
    assert [told(each) for each in found.models] == models
    assert (says in caplog.text, bool(caplog.text)) == (True, bool(says))


@pytest.mark.parametrize(
    ("text", "config", "says"),
    [
        ("model = ", None, "nianbao.toml: no TOML: Invalid value"),
        ('model = "m"\ntiemout_s = 3', None, r"setting tiemout_s \(tiemout_s of nianbao.toml\): Extra inputs"),
        (
            'model = "m"\n[models.m]\nkey = "x"',
            None,
            r"setting key \(key of \[models.m\] in nianbao.toml\): Extra inputs",
        ),
        ('model = "m"\nmodels = 3', None, r'nianbao.toml: models: give each model a table, as \[models."m"\]'),
        ('model = "m"\n[models]\nm = 3', None, r'nianbao.toml: models: give each model a table, as \[models."m"\]'),
        ('model = "m"\nextra_body = "x"', None, "give a JSON object"),
        ('model = "m"\nextra_body = [1]', None, "setting extra_body .*: Input should be a valid dictionary"),
        ("", "other.toml", "other.toml: no such file; check --config and NIANBAO_CONFIG"),
    ],
)
def test_wrong_tables(text: str, config: str | None, says: str, tmp_path: Path) -> None:
    (tmp_path / "nianbao.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        settings_from(configuration(config))


def test_an_unknown_variable_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """A variable that looks like ours and is none is told of, with what may be meant; those of other commands are not."""
    environ = {"NIANBAO_MODLE": "m", "NIANBAO_LANG": "en", "NIANBAO_SERVE_TOKEN": "t", "NIANBAO_DEADLINE": "3"}
    settings_from(Variables(environ, {"NIANBAO_X": "y"}))
    assert [r.getMessage() for r in caplog.records] == [
        "NIANBAO_MODLE: no such setting; is NIANBAO_MODEL meant?",
        "NIANBAO_X: no such setting",
    ]


def test_one_model_has_one_name() -> None:
    """In Python each model is settings of its own."""
    with pytest.raises(ValueError, match="give the name of one model"):
        Settings(model="cheap,strong")
    both = Settings(model="cheap", then=(Settings(model="strong"),))
    assert [each.model for each in both.models] == ["cheap", "strong"]


def test_a_file_of_settings_fills_in_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `.env` cannot put what the environment holds into an address, a name or a folder."""
    monkeypatch.setenv("NIANBAO_API_KEY", SECRET)
    names = ("NIANBAO_MODEL", "NIANBAO_BASE_URL", "NIANBAO_CACHE_DIR")
    (tmp_path / ".env").write_text("".join(f"{name}=http://host/${{NIANBAO_API_KEY}}\n" for name in names))
    assert SECRET not in repr(settings_from(environment()))


@pytest.mark.parametrize("data", [b"NIANBAO_MODEL=\xff\xfe", None])
def test_a_file_of_settings_that_is_none(data: bytes | None, tmp_path: Path) -> None:
    """One that is not UTF-8 is an error; a folder of that name is none."""
    if data is None:
        (tmp_path / ".env").mkdir()
        assert settings_from(environment()) == settings_from(Variables(os.environ))
    else:
        (tmp_path / ".env").write_bytes(data)
        with pytest.raises(SettingsError, match=r"\.env: cannot be read"):
            environment()


def test_no_secret_shows_in_what_is_wrong() -> None:
    """Settings that are refused in Python are not repeated either."""
    with pytest.raises(ValueError, match="without user, password") as error:
        Settings(base_url=f"http://u:{SECRET}@host/v1")
    assert SECRET not in str(error.value)


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


def test_doctor_tells_of_each_model(samples_here: Path) -> None:
    """Each model in turn: what is set for it and by what."""
    with StandIn(answer_from([])) as server:
        (samples_here / "own.toml").write_text(
            f'model = "{MODEL},other"\n[models.other]\nmodel = "m2"\nbase_url = "{server.url}"\napi_key = "{SECRET}"\n'
        )
        status, out, err = run("doctor", "--base-url", server.url, "--config", "own.toml", "--mode", "tools")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (status, err, SECRET in out) == (0, "", False)
    assert [line for line in lines if line.startswith(("model", "api_key", "structured"))] == [
        f"model {MODEL} from model of own.toml",
        "api_key (not set)",
        "model m2 from model of [models.other] in own.toml",
        "api_key (set) from api_key of [models.other] in own.toml",
        "structured answers as tools: understood",
        "structured answers as tools: understood",
    ]
    assert lines.count("mode tools") == 2


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
        budget = ("--max-tokens", "5000", "--max-in-flight", "1")
        status, out, err = run("extract", *names, "--engine", "model", "--json", *budget, *flags(server))
        assert len(server.requests) == 2
    assert (status, len(out.splitlines()), out.count('"status":"verified","reader":"model"')) == (3, 4, 2)
    assert "--max-tokens 5,000 reached" in err


def test_settings_are_few_and_described() -> None:
    """Each setting has a description in both languages for the docs."""
    assert all(f.description and f.title for f in Settings.model_fields.values())
