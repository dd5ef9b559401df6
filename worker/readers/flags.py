"""Claims by what is noted of them: the flags that people look for, and the condition that a claim has one."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, literal_column
from sqlalchemy.ext.compiler import compiles

from worker.rules.states import Flag
from worker.store.types import Words

FLAGS: Final = (
    Flag.UNSURE,
    Flag.UNLISTED,
    Flag.PROJECT,
    Flag.SHORT_LEAD,
    Flag.EXTENDED,
    Flag.CONTESTED,
    Flag.CLOCK,
    Flag.SHORTENED,
    Flag.FULL_NUMBER,
    Flag.GROUP,
    Flag.IMPORTED,
)
"""What is shown and can be looked for, in this order; others are notes of the rules for themselves."""


def shown_flags(flags: Iterable[str]) -> tuple[Flag, ...]:
    """Return the flags of a claim that people see."""
    noted = set(flags)
    return tuple(flag for flag in FLAGS if flag in noted)


def flagged(flag: str) -> ColumnElement[bool]:
    """Return the condition that a claim has one of FLAGS; raises ValueError for any other word.

    All of it is literal, so that a database recognises its partial index: readings to be checked have one of their own,
    for whatever else is noted there is one of all claims of which anything is.
    """
    if flag not in FLAGS:
        raise ValueError(f"“{flag}” is no flag; the flags are {', '.join(FLAGS)}")
    return has_flag(flag) if flag == Flag.UNSURE else and_(anything_noted(), has_flag(flag))


def has_flag(flag: str) -> ColumnElement[bool]:
    """Return the condition that a claim has a flag, for claims that are found already."""
    return _Position(flag) > literal_column("0")


def anything_noted() -> ColumnElement[bool]:
    """Return the condition that anything is noted of a claim, by which its index is recognised."""
    return _Written() != literal_column("'[]'")


class _Written(ColumnElement[str]):
    """A claim's flags as they stand in the table."""

    inherit_cache = True
    type = Words()


@compiles(_Written)
def _written_on_sqlite(_element: _Written, _compiler: Any, **_: Any) -> str:
    return "claims.flags"


@compiles(_Written, "postgresql")
def _written_on_postgresql(_element: _Written, _compiler: Any, **_: Any) -> str:
    return "CAST(claims.flags AS TEXT)"


class _Position(ColumnElement[int]):
    """Where a flag stands among a claim's, from 1; 0: nowhere."""

    inherit_cache = False
    type = Integer()

    def __init__(self, flag: str) -> None:
        self.flag = flag


@compiles(_Position)
def _on_sqlite(element: _Position, _compiler: Any, **_: Any) -> str:
    return f"instr(claims.flags, '\"{element.flag}\"')"


@compiles(_Position, "postgresql")
def _on_postgresql(element: _Position, _compiler: Any, **_: Any) -> str:
    return f"strpos(CAST(claims.flags AS TEXT), '\"{element.flag}\"')"
