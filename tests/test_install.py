"""What is said of installing can be done: the extras are there, the wheel carries every file, the container has what a wheel is built from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    ROOT / "Dockerfile",
    ROOT / ".ci/run",
    ROOT / "pipeline/messages.txt",
]
INSTALLS = re.compile(r"(?:'\.|\.whl(?:\)|'|\")?|nianbao)\\?\[([a-z,]+)\\?\]")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_extra_named_is_there(path: Path) -> None:
    """No document names an extra that the project has not, nor installs nianbao by a name that no index has."""
    text = path.read_text(encoding="utf-8")
    named = {extra for found in INSTALLS.findall(text) for extra in found.split(",")}
    assert named <= set(PROJECT["project"]["optional-dependencies"])
    assert not re.search(r"(?:pip|pipx|uv tool) install [^\n]*?['\" ]nianbao(?![-\w])", text)


def test_the_wheel_in_the_readme_is_the_one_that_is_built() -> None:
    wheel = f"nianbao-{PROJECT['project']['version']}-py3-none-any.whl"
    assert all(wheel in (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))


def test_the_wheel_carries_every_file() -> None:
    """Each folder with modules is a package of the wheel, and each other file in one is among its data."""
    setup = PROJECT["tool"]["setuptools"]
    folders = {ROOT / path: name for name, path in setup["package-dir"].items()}
    for folder in ("nianbao", "pipeline", "schemas", "prompts", "eval"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                package = folders[path.parent]
                patterns = ["*.py", *setup["package-data"].get(package, [])]
                assert package in setup["packages"]
                assert any(path.match(pattern) for pattern in patterns), path


def test_the_container_is_given_what_a_wheel_is_built_from() -> None:
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    folders = {path.split("/")[0] for path in PROJECT["tool"]["setuptools"]["package-dir"].values()}
    assert kept == folders | {"pyproject.toml", *PROJECT["project"]["license-files"], PROJECT["project"]["readme"]}
