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
    Select,
    String,
    Table,
    and_,
    bindparam,
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
    """Clients whose records may go: their phones, and the numbers of their claims."""

    phones7: list[Phone7]
    numbers: list[int]


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

    def join(self, pairs: Iterable[tuple[Phone7, Phone7]]) -> None:
        """Make the phones of each pair one client's: an alias, relatives, a form that several came on."""
        roots = _Roots()
        for some in in_steps(pair for pair in pairs if pair[0] != pair[1]):
            phones7 = {phone7 for pair in some for phone7 in pair}
            self.note(Note(phone7) for phone7 in phones7)
            query = select(_CLIENTS.c.phone7, _CLIENTS.c.root).where(_CLIENTS.c.phone7.in_(map(_key, phones7)))
            root_of = {row.phone7: row.root for row in self._connection.execute(query)}
            for one, other in some:
                roots.join(root_of[_key(one)], root_of[_key(other)])
        move = update(_CLIENTS).where(_CLIENTS.c.root == bindparam("old")).values(root=bindparam("new"))
        for moved in in_steps({"old": old, "new": new} for old, new in roots.moved()):
            self._connection.execute(move, moved)

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

    def revive(self, phones7: Iterable[Phone7]) -> list[int]:
        """Let the clients of these phones live; return the numbers of the claims of those who did not."""
        numbers: list[int] = []
        for some in in_steps(phones7):
            mine = select(_CLIENTS.c.root).where(_CLIENTS.c.phone7.in_(map(_key, some)))
            query = select(_CLIENTS.c.root).where(_CLIENTS.c.root.in_(mine)).group_by(_CLIENTS.c.root)
            roots = list(self._connection.execute(query.having(~_LIVING)).scalars())
            self._connection.execute(update(_CLIENTS).where(_CLIENTS.c.root.in_(roots)).values(living=True))
            numbers += self._numbers(roots)
        return numbers

    def next_due(self, policy: Policy, now: datetime, after: str, most: int) -> list[str]:
        """Return by which the next `most` clients are known whose records are older than the policy's period.

        `after` is the last one of before, "" for none. It may have to look at all of them.
        """
        query = _due(policy, now).where(_CLIENTS.c.root > after).order_by(_CLIENTS.c.root)
        return list(self._connection.execute(query.limit(most)).scalars())

    def still_due(self, policy: Policy, now: datetime, found: Collection[str]) -> Due:
        """Return those of `next_due` whom nothing has referred to since."""
        roots = list(self._connection.execute(_due(policy, now).where(_CLIENTS.c.root.in_(found))).scalars())
        phones7 = self._connection.execute(select(_CLIENTS.c.phone7).where(_CLIENTS.c.root.in_(roots))).scalars()
        return Due([*map(_phone7, phones7)], self._numbers(roots))

    def _numbers(self, roots: Collection[str]) -> list[int]:
        query = select(_NUMBERS.c.number).join(_CLIENTS, _CLIENTS.c.phone7 == _NUMBERS.c.phone7)
        return list(self._connection.execute(query.where(_CLIENTS.c.root.in_(roots))).scalars())


class _Roots:
    """Which root each of some that were joined has in the end: only these lie in memory, and they are few."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        first, second = self._of(one), self._of(other)
        if first != second:
            self._parent[first] = second

    def moved(self) -> Iterator[tuple[str, str]]:
        """Yield each that has got another root, with that root."""
        return ((old, self._of(old)) for old in list(self._parent) if self._of(old) != old)

    def _of(self, root: str) -> str:
        while (parent := self._parent.setdefault(root, root)) != root:
            self._parent[root] = self._parent[parent]
            root = parent
        return root


def _due(policy: Policy, now: datetime) -> Select[str]:
    """Return whose records are older than the policy's period."""
    visited = and_(_VISITED, _old(policy.keep_visited_days, now))
    may_go = and_(~_LIVING, or_(visited, and_(~_VISITED, _old(policy.keep_unvisited_days, now))))
    return select(_CLIENTS.c.root).group_by(_CLIENTS.c.root).having(may_go)


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
