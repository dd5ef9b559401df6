"""Every client of a site and how he stands, in a file of its own: in memory they would take more, the longer a line is.

A client is known under one phone or several. Phones that are joined have one root in common, and what is noted of one
of them counts for all.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Self, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from worker.proof.scratch import private_file
from worker.rules.client import Phone7
from worker.rules.erasure import LONG_AGO, Affairs
from worker.rules.policy import Policy
from worker.store.types import UtcTime

T = TypeVar("T")
AT_ONCE: Final = 500

_METADATA: Final = MetaData()
_CLIENTS: Final = Table(
    "clients",
    _METADATA,
    Column("phone7", String, primary_key=True),
    Column("root", String, nullable=False, index=True),
    Column("over_at", UtcTime, nullable=False),
    Column("visited", Boolean, nullable=False),
    Column("living", Boolean, nullable=False),
)
_NUMBERS: Final = Table(
    "numbers",
    _METADATA,
    Column("number", Integer, primary_key=True),
    Column("phone7", String, nullable=False, index=True),
)
_VISITED, _LIVING = (func.max(_CLIENTS.c[name]) for name in ("visited", "living"))
"""Of all phones of a client."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the client of a phone; `number` is that of a claim of his, 0 for none."""

    phone7: Phone7
    over_at: datetime = LONG_AGO
    visited: bool = False
    living: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """Clients whose records may go: their phones, the numbers of their claims, and where to look for the next ones."""

    phones7: list[Phone7]
    numbers: list[int]
    last: str
    over: bool


class Clients:
    """Every client of a site by the phones that he is known under."""

    def __init__(self, connection: Connection) -> None:
        """Keep them behind a connection to a file that is nobody else's."""
        self._connection = connection

    @classmethod
    @contextmanager
    def kept(cls) -> Iterator[Self]:
        """Yield nobody yet, in a file that goes away with them."""
        with private_file(_METADATA) as connection:
            yield cls(connection)

    def note(self, notes: Iterable[Note]) -> None:
        """Note these things."""
        fresh = insert(_CLIENTS)
        both = {
            "over_at": func.max(_CLIENTS.c.over_at, fresh.excluded.over_at),
            "visited": or_(_CLIENTS.c.visited, fresh.excluded.visited),
            "living": or_(_CLIENTS.c.living, fresh.excluded.living),
        }
        put = fresh.on_conflict_do_update(index_elements=["phone7"], set_=both)
        for some in in_steps(notes):
            rows = [
                {"phone7": key, "root": key, "over_at": note.over_at, "visited": note.visited, "living": note.living}
                for key, note in ((_key(note.phone7), note) for note in some)
            ]
            self._connection.execute(put, rows)
            numbers = [{"number": note.number, "phone7": _key(note.phone7)} for note in some if note.number]
            if numbers:
                self._connection.execute(insert(_NUMBERS), numbers)

    def join(self, one: Phone7, other: Phone7) -> None:
        """Make two phones one client's: an alias, relatives, a form that several came on."""
        if one == other:
            return
        self.note([Note(one), Note(other)])
        kept, *gone = sorted(self._roots([one, other]))
        if gone:
            self._connection.execute(update(_CLIENTS).where(_CLIENTS.c.root.in_(gone)).values(root=kept))

    def phones_of(self, numbers: Collection[int]) -> dict[int, Phone7]:
        """Return the phones under which these claims, a few hundred at the most, were made."""
        found = self._connection.execute(select(_NUMBERS).where(_NUMBERS.c.number.in_(numbers)))
        return {number: _phone7(key) for number, key in found}

    def affairs(self, phones7: Collection[Phone7]) -> dict[Phone7, Affairs]:
        """Return how the clients of these phones stand; of whom nothing is known is left out."""
        whole = _CLIENTS.alias()
        theirs = (func.max(whole.c[name]) for name in ("over_at", "visited", "living"))
        query = select(_CLIENTS.c.phone7, *theirs).join(whole, whole.c.root == _CLIENTS.c.root)
        query = query.where(_CLIENTS.c.phone7.in_(map(_key, phones7))).group_by(_CLIENTS.c.phone7)
        return {_phone7(key): Affairs(*how) for key, *how in self._connection.execute(query)}

    def living(self) -> Iterator[list[int]]:
        """Yield the numbers of the claims of those who live, some at a time."""
        whole = _CLIENTS.alias()
        theirs = select(whole.c.root).join(_CLIENTS, _CLIENTS.c.root == whole.c.root)
        lives = theirs.where(_CLIENTS.c.phone7 == _NUMBERS.c.phone7, whole.c.living).exists()
        query = select(_NUMBERS.c.number).where(lives).order_by(_NUMBERS.c.number).limit(AT_ONCE)
        numbers = list(self._connection.execute(query).scalars())
        while numbers:
            yield numbers
            numbers = list(self._connection.execute(query.where(_NUMBERS.c.number > numbers[-1])).scalars())

    def revive(self, phones7: Collection[Phone7]) -> list[int]:
        """Let the clients of these phones live; return the numbers of the claims of those who did not."""
        query = select(_CLIENTS.c.root).where(_CLIENTS.c.root.in_(self._roots(phones7))).group_by(_CLIENTS.c.root)
        roots = list(self._connection.execute(query.having(~_LIVING)).scalars())
        self._connection.execute(update(_CLIENTS).where(_CLIENTS.c.root.in_(roots)).values(living=True))
        return self._numbers(roots)

    def due(self, policy: Policy, now: datetime, after: str, most: int) -> Due:
        """Return the next `most` clients whose records are older than the policy's period, behind the last one."""
        query = select(_CLIENTS.c.root).where(_CLIENTS.c.root > after).group_by(_CLIENTS.c.root)
        visited = and_(_VISITED, _old(policy.keep_visited_days, now))
        may_go = and_(~_LIVING, or_(visited, and_(~_VISITED, _old(policy.keep_unvisited_days, now))))
        roots = list(self._connection.execute(query.having(may_go).order_by(_CLIENTS.c.root).limit(most)).scalars())
        phones7 = self._connection.execute(select(_CLIENTS.c.phone7).where(_CLIENTS.c.root.in_(roots))).scalars()
        return Due([*map(_phone7, phones7)], self._numbers(roots), roots[-1] if roots else after, len(roots) < most)

    def _roots(self, phones7: Collection[Phone7]) -> set[str]:
        query = select(_CLIENTS.c.root).where(_CLIENTS.c.phone7.in_(map(_key, phones7)))
        return set(self._connection.execute(query).scalars())

    def _numbers(self, roots: Collection[str]) -> list[int]:
        query = select(_NUMBERS.c.number).join(_CLIENTS, _CLIENTS.c.phone7 == _NUMBERS.c.phone7)
        return list(self._connection.execute(query.where(_CLIENTS.c.root.in_(roots))).scalars())


def _old(days: int, now: datetime) -> ColumnElement[bool]:
    """Say that it has been over for so many days; 0 days are for ever."""
    since = now - timedelta(days=days)
    return func.max(_CLIENTS.c.over_at) <= since if days else false()


def _key(phone7: Phone7) -> str:
    return "*".join(phone7)


def _phone7(key: str) -> Phone7:
    first3, _, last4 = key.partition("*")
    return first3, last4


def in_steps(items: Iterable[T], most: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield them some at a time."""
    left = iter(items)
    while some := list(islice(left, most)):
        yield some
