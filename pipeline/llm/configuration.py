"""Where settings come from: flags, the environment, a file `.env`, and a file `nianbao.toml` with a table a model.

A key goes only to an address of the same source, or to one of the user's own: a working folder may be anybody's, and so may
its `.env` and its `nianbao.toml`, until the user names that by `--config` or NIANBAO_CONFIG.
"""

import logging
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..errors import SettingsError
from .settings import Protocol, Settings, protocol_of

LOG = logging.getLogger(__name__)

FILE = "nianbao.toml"
CONFIG = "NIANBAO_CONFIG"
NAMES = tuple(name for name in Settings.model_fields if name != "then")
VARIABLES = {name: f"NIANBAO_{name.upper()}" for name in NAMES}
"""Setting → the variable that gives it."""
SHARED_KEYS: Mapping[str, Protocol] = {
    "OPENAI_API_KEY": "openai",
    "ANTHROPIC_API_KEY": "anthropic",
    "GEMINI_API_KEY": "google",
    "GOOGLE_API_KEY": "google",
}
"""Keys that other programs use, too, each for endpoints of one protocol; nianbao's own comes before them."""
_OTHERS = (CONFIG, "NIANBAO_LANG", "NIANBAO_DEADLINE", "NIANBAO_SERVE_TOKEN")
_KEY_OF = "api_key_env"
"""In a `nianbao.toml`: the variable that holds the key."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one place gives for a setting. is_own: the user said so, and not a file of the working folder.

    of: the table of a model that it stands in, empty where it is said of all models. protocol: the only one whose endpoints a key
    is for; None: any.
    """

    name: str
    value: Any
    where: str
    is_own: bool
    of: str = ""
    protocol: Protocol | None = None


@dataclass(frozen=True, slots=True)
class Toml:
    """A `nianbao.toml`. is_own: it is named by the user, and not only found in the working folder."""

    name: str = FILE
    told: Mapping[str, Any] = field(default_factory=dict)
    is_own: bool = False

    def table(self, model: str) -> Mapping[str, Any]:
        """What is said of one model; raises SettingsError where that is no table."""
        tables = self.told.get("models", {})
        found = tables.get(model, {}) if isinstance(tables, Mapping) else None
        if not isinstance(found, Mapping):
            raise SettingsError(f'{self.name}: models: give each model a table, as [models."{model}"]')
        return found


@dataclass(frozen=True, slots=True)
class Variables:
    """What the environment gives, what a `.env` file in the working folder does, and what a `nianbao.toml`; in this order."""

    environ: Mapping[str, str]
    file: Mapping[str, str] = field(default_factory=dict)
    toml: Toml = Toml()

    def find(self, name: str) -> str | None:
        """The value of a variable; None where it is nowhere, or empty."""
        return self.environ.get(name) or self.file.get(name) or None

    def givens(self, model: str = "", flags: Mapping[str, Any] = {}) -> Iterator[Given]:
        """Everything that is given for a model, what wins first: flags, the model's table, then what is said of all models."""
        for name, value in flags.items():
            yield Given(name, value, f"--{name.replace('_', '-')}", True)
        yield from self._of_toml(self.toml.table(model) if model else {}, model)
        places = ((self.environ, "", True), (self.file, " of .env", False))
        for given, of, is_own in places:
            for name, variable in VARIABLES.items():
                if value := given.get(variable):
                    yield Given(name, value, variable + of, is_own)
        yield from self._of_toml({name: value for name, value in self.toml.told.items() if name != "models"})
        for given, of, is_own in places:
            for variable, protocol in SHARED_KEYS.items():
                if value := given.get(variable):
                    yield Given("api_key", value, variable + of, is_own, protocol=protocol)

    def _of_toml(self, told: Mapping[str, Any], model: str = "") -> Iterator[Given]:
        of = f" of [models.{model}] in {self.toml.name}" if model else f" of {self.toml.name}"
        for name, value in told.items():
            if name != _KEY_OF:
                yield Given(name, value, name + of, self.toml.is_own, model)
            elif (key := self.environ.get(str(value))) and self.toml.is_own:
                yield Given("api_key", key, str(value), True, model)
            elif key := self.file.get(str(value)):
                yield Given("api_key", key, f"{value} of .env", False, model)

    def keys_not_sent(self, model: str) -> Iterator[str]:
        """Why a key that a `nianbao.toml` names for a model is not sent."""
        for told in (self.toml.table(model) if model else {}, self.toml.told):
            variable = str(told.get(_KEY_OF, ""))
            if not variable or variable in self.file:
                continue
            if variable not in self.environ:
                yield f"{variable}, which {self.toml.name} names, is not set; no key is sent"
            elif not self.toml.is_own:
                yield (
                    f"{variable} of the environment is not sent for {self.toml.name}, a file of the working folder;"
                    " where it is yours, name it by --config or NIANBAO_CONFIG"
                )

    def unknown(self) -> list[str]:
        """The variables that look like ours, and give nothing."""
        known = {*VARIABLES.values(), *_OTHERS}
        return sorted({name for name in (*self.environ, *self.file) if name.startswith("NIANBAO_")} - known)


def settings_from(variables: Variables, **flags: Any) -> Settings:
    """Variables and flags → settings; flags win. Raises SettingsError naming each setting that is wrong.

    NIANBAO_MODEL=cheap,strong → the settings of cheap, with those of strong in `then`.
    """
    for name in variables.unknown():
        near = process.extractOne(name, VARIABLES.values(), scorer=OSA.distance, score_cutoff=2)
        LOG.warning("%s: no such setting%s", name, f"; is {near[0]} meant?" if near else "")
    given = {name: value for name, value in flags.items() if value not in (None, "")}
    first, *others = models_named(variables, given) or [""]
    then = tuple(_settings_of(other, variables, given) for other in others)
    return _settings_of(first, variables, given, then)


def models_named(variables: Variables, flags: Mapping[str, Any]) -> list[str]:
    """The models by the names they are given, in order: what NIANBAO_MODEL says, each perhaps the name of a table."""
    named = next((given.value for given in variables.givens(flags=flags) if given.name == "model"), "")
    return [name for part in str(named).split(",") if (name := part.strip())]


def chosen(variables: Variables, model: str, flags: Mapping[str, Any]) -> dict[str, Given]:
    """Setting → what gives it for a model: the first place that does, and of keys the first that may go to the address."""
    found = list(variables.givens(model, flags))
    first = {given.name: given for given in reversed(found) if given.name != "api_key"}
    if model:
        own = variables.toml.table(model).get("model", model)
        first["model"] = replace(first["model"], value=own)
    address = first.get("base_url")
    keys = (given for given in found if _is_key_for(_protocol(first), given) and _may_go(given, address))
    return {**first, **{key.name: key for key in list(keys)[:1]}}


def _protocol(found: Mapping[str, Given]) -> Protocol:
    provider, model, address = (found[n].value if n in found else None for n in ("provider", "model", "base_url"))
    return protocol_of(provider or "auto", model, address)


def _is_key_for(protocol: Protocol, given: Given) -> bool:
    return given.name == "api_key" and given.protocol in (None, protocol)


def _may_go(key: Given, address: Given | None) -> bool:
    """Whether a key may be sent to an address: of the user's own to the user's own, else to one of the same place."""
    if address is None or address.where.startswith("--"):
        return True
    return (not address.of or key.of == address.of) and (address.is_own or not key.is_own)


def _settings_of(
    model: str, variables: Variables, flags: Mapping[str, Any], then: tuple[Settings, ...] = ()
) -> Settings:
    found = chosen(variables, model, flags)
    for why in variables.keys_not_sent(model):
        LOG.warning("%s", why)
    protocol, address = _protocol(found), found.get("base_url")
    key = next((given for given in variables.givens() if _is_key_for(protocol, given)), None)
    if "api_key" not in found and address is not None and key is not None and not address.of:
        LOG.warning(
            "%s is not sent to the address that %s gives; put the key there, too, or the address into the environment or"
            " --base-url",
            key.where,
            address.where,
        )
    try:
        return Settings.model_validate({**{name: given.value for name, given in found.items()}, "then": then})
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(e, found) for e in error.errors(include_input=False))) from None


def _complaint(error: Any, found: Mapping[str, Given]) -> str:
    name = ".".join(map(str, error["loc"]))
    given = found.get(str(error["loc"][0]) if error["loc"] else "")
    where = given.where if given and not given.where.startswith("--") else ""
    return f"setting {name}{f' ({where})' if where else ''}: {error['msg']}"


# --- Files -----------------------------------------------------------------------------------------------------------


def environment() -> Variables:
    """The environment, and a `.env` file in the working folder, in which nothing of the environment is filled in.

    Raises SettingsError where the file cannot be read.
    """
    from dotenv import dotenv_values

    text = _read(Path(".env"))
    file = dotenv_values(stream=StringIO(text), interpolate=False)
    return Variables(os.environ, {name: value for name, value in file.items() if value})


def configuration(config: str | None = None) -> Variables:
    """The environment, `.env`, and the `nianbao.toml` that is named, else the one of the working folder, if there is one.

    Raises SettingsError where a file cannot be read, or the one that is named is not there.
    """
    variables = environment()
    named = config or variables.environ.get(CONFIG)
    path = Path(named or FILE)
    if named and not _is_there(path):
        raise SettingsError(f"{named}: no such file; check --config and NIANBAO_CONFIG")
    try:
        told = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}: no TOML: {error}; a key with other characters than a-z, 0-9, _ and - stands in quotes"
        ) from None
    return replace(variables, toml=Toml(str(path), told, is_own=bool(named)))


def _read(path: Path) -> str:
    """The text of a file; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig") if _is_there(path) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: cannot be read ({type(error).__name__}); save it as UTF-8, or remove it"
        ) from error


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be looked into
        return False
