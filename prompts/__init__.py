"""What a model is told, in plain files. A change of any word is a new version."""

from functools import cache
from importlib.resources import files

VERSION = "pointing-4"
"""Enters the cache key and the extraction; a test holds it to the files' content."""


@cache
def prompt(name: str) -> str:
    """The text of a prompt file."""
    return (files(__package__) / name).read_text(encoding="utf-8")
