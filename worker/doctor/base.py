"""What a check is: a function that looks at one thing and yields findings, each a sentence that says how to mend it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from worker.runtime import Runtime
from worker.settings import Settings

Need = Literal["database", "redis"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. An `advice` works as it is, and would bear more the other way."""

    check: str
    sentence: str
    weight: Literal["problem", "advice"] = "problem"


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined. No data of it is changed."""

    settings: Settings
    runtime: Runtime
    environ: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ailment:
    """What a check yields; its name is added by whoever runs it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a check yields that could be better."""

    sentence: str


Look = Callable[[Patient], Iterator[Ailment | Advice]]


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the table of checks. `needs`: checks that must have found no problem for this one to make sense."""

    name: str
    look: Look
    needs: tuple[Need, ...] = ()
