"""The words of the 登记表 as a file: its columns, how registrations stand, and what is noted of them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def register_words(language: str) -> Mapping[str, Any]:
    """Return the words of a language ("zh", "en"): tables `column`, `status`, `flag`, `part_of_day`; `sheet`."""
    return tomllib.loads(files("worker.words").joinpath(f"register_{language}.toml").read_text(encoding="utf-8"))
