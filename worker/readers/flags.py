"""Claims by what is noted of them: the flags that people look for, and the condition that a claim has one."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles

FLAGS: Final = ("unsure", "unlisted", "short_lead", "contested", "shortened", "full_number", "group", "imported")
"""What is shown and can be looked for, in this order; others are notes of the rules for themselves."""


def shown_flags(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the flags of a claim that people see."""
    noted = set(flags)
    return tuple(flag for flag in FLAGS if flag in noted)


class Flagged(ColumnElement[bool]):
    """The condition that a claim has a flag; literal, so that a database recognises its partial index."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, flag: str) -> None:
        """Take one of FLAGS; raises ValueError for any other word."""
        if flag not in FLAGS:
            raise ValueError(f"“{flag}” is no flag; the flags are {', '.join(FLAGS)}")
        self.flag = flag


@compiles(Flagged)
def _on_sqlite(element: Flagged, _compiler: Any, **_: Any) -> str:
    return f"instr(claims.flags, '\"{element.flag}\"') > 0"


@compiles(Flagged, "postgresql")
def _on_postgresql(element: Flagged, _compiler: Any, **_: Any) -> str:
    return f"strpos(CAST(claims.flags AS TEXT), '\"{element.flag}\"') > 0"
