"""Mutants that change nothing anybody could see, each with its reason; they do not count."""

import tomllib
from pathlib import Path

LIST = Path(__file__).with_name("equivalent.toml")


def equivalents() -> dict[str, str]:
    """Return the reasons by the mutants' keys."""
    listed = tomllib.loads(LIST.read_text("utf-8"))
    return {each["mutant"]: each["reason"] for each in listed.get("equivalent", [])}
