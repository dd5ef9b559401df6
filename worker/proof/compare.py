"""Two databases side by side: rows in the order of their keys, one of each in memory at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, select

from worker.storable import storable
from worker.store.causes import BY_MESSAGE
from worker.store.database import in_key_order
from worker.store.facts import TABLES
from worker.store.schema import decisions, replies, reports
from worker.store.search_words import SEARCHED

AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """A table as far as it follows from the line: its key within a site, and the columns that must agree."""

    table: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]
    place: ColumnElement[int] | None = None
    """the place in the line that a row came with; None for facts, which stand as the last place left them"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one side has (`column` ""), or a column that differs; `kept`: the site's own database has it."""

    table: str
    key: dict[str, Any]
    column: str
    kept: bool


def _whole(table: Table, leave_out: Sequence[str] = (), place: ColumnElement[int] | None = None) -> Compared:
    key = tuple(c.name for c in table.primary_key if c.name != "site_id")
    columns = tuple(c.name for c in table.c if c.name not in (*key, "site_id", *leave_out))
    return Compared(table, key, columns, place)


def compared_facts() -> list[Compared]:
    """Return what stands as the last place left it; `done` says what was told, which time alone decides.

    By what names a row is searched follows from them, in this release's spelling.
    """
    return [_whole(table, leave_out=("done", SEARCHED)) for table in TABLES.values()]


def compared_records() -> list[Compared]:
    """Return what each place adds, but for words, which a release may better, and when it was decided, said or sent.

    Heads have a check of their own; the version tells who decided, not what.
    """
    said = ("role", "ref", "params")
    return [
        _whole(decisions, leave_out=("head", "decided_at", "version"), place=decisions.c.seq),
        _whole(reports, leave_out=(SEARCHED,), place=reports.c.seq),
        Compared(replies, ("cause", "code", "recipient"), said, BY_MESSAGE),
    ]


def differences(
    kept: Connection, computed: Connection, compared: Compared, site_id: int, after: int = 0
) -> Iterator[Difference]:
    """Yield what differs in one table of a site, of the places behind `after`."""
    table, width = compared.table, len(compared.key)
    key_columns = [table.c[name] for name in compared.key]
    query = select(*key_columns, *(table.c[name] for name in compared.columns)).where(table.c.site_id == site_id)
    if compared.place is not None:
        query = query.where(compared.place > after)
    ours, theirs = (stream(side, query.order_by(*in_key_order(side, key_columns))) for side in (kept, computed))
    for one, other in in_step(ours, theirs, width):
        if one == other:
            continue
        present = one if one is not None else other
        assert present is not None  # noqa: S101  (in_step yields at least one of them)
        key = dict(zip(compared.key, present[:width], strict=True))
        if one is None or other is None:
            yield Difference(table.name, key, "", kept=one is not None)
            continue
        for index, column in enumerate(compared.columns, width):
            if one[index] != other[index]:
                yield Difference(table.name, key, column, kept=True)


def stream(connection: Connection, query: Any) -> Iterator[tuple[Any, ...]]:
    """Yield a query's rows as tuples, a few of them in memory at a time."""
    for row in connection.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield tuple(row)


def in_step(
    ours: Iterator[tuple[Any, ...]], theirs: Iterator[tuple[Any, ...]], width: int
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Yield the rows of two streams that are in the order of their first `width` values, pairwise where those agree."""
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[:width] < other[:width]):
            yield one, None
            one = next(ours, None)
        elif one is None or other[:width] < one[:width]:
            yield None, other
            other = next(theirs, None)
        else:
            yield one, other
            one, other = next(ours, None), next(theirs, None)


def same_rows(one: Connection, other: Connection, table: Table) -> bool:
    """Tell whether two databases hold the same rows of a table, all columns counted.

    An old SQLite file may hold texts that were not `storable`; the other side keeps them as they can be kept.
    """
    key = list(table.primary_key)
    rest = [c for c in table.c if not c.primary_key]
    query = select(*key, *rest)
    ours, theirs = (stream(side, query.order_by(*in_key_order(side, key))) for side in (one, other))
    return all(_kept(mine) == _kept(its) for mine, its in in_step(ours, theirs, len(key)))


def _kept(row: tuple[Any, ...] | None) -> list[Any] | None:
    return None if row is None else [storable(value) if isinstance(value, str) else value for value in row]
