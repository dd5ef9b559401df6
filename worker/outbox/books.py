"""Replies that a transaction has locked, with their attempts: read together, changed in memory, written together.

News of many replies costs a few statements that way instead of a few for each. What reaches beyond these replies (a
stop, people who opted out, another's message) is rare and done by statements of its own, `aside`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Delete, Update, bindparam, delete, select, tuple_, update

from worker.outbox.delivery import FAILED, Change, ReplyHistory
from worker.outbox.ledger import this_attempt
from worker.store.schema import attempts, opt_outs, replies
from worker.store.states import ReplyState

Key = tuple[int, int]
"""Reply and attempt."""

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_KNOWN = ("state", "attempt", "delivery", "sid", "useful_until")
# In one order, so that of two transactions with many replies neither waits for the other.
_LOCKED: Final = (
    select(*(replies.c[name] for name in ("id", "site_id", "recipient", "cause", *_KNOWN)))
    .where(replies.c.id.in_(_IDS))
    .order_by(replies.c.id)
    .with_for_update()
)
_ATTEMPTS: Final = select(
    *(attempts.c[name] for name in ("reply_id", "number", "outcome", "delivery", "sid")),
).where(attempts.c.reply_id.in_(_IDS))
_CHANGE_REPLY: Final = update(replies).where(replies.c.id == bindparam("of_reply"))
_THIS_ATTEMPT: Final = this_attempt(bindparam("of_reply"), bindparam("of_number"))
_CHANGE_ATTEMPT: Final = update(attempts).where(_THIS_ATTEMPT)
_STRIKE: Final = delete(attempts).where(_THIS_ATTEMPT)
# The two lists are for SQLite, which finds no index for one of pairs.
_BACK: Final = delete(opt_outs).where(
    opt_outs.c.site_id.in_(bindparam("sites", expanding=True)),
    opt_outs.c.phone.in_(bindparam("phones", expanding=True)),
    tuple_(opt_outs.c.site_id, opt_outs.c.phone).in_(bindparam("pairs", expanding=True)),
)


@dataclass(slots=True)
class Books:
    """The replies `ids` and their attempts, locked to the end of the transaction; `close` writes what has changed."""

    connection: Connection
    now: datetime
    ids: list[int]
    _replies: dict[int, dict[str, Any]] = field(default_factory=dict)
    _attempts: dict[int, dict[int, dict[str, Any]]] = field(default_factory=dict)
    _of_replies: defaultdict[int, Change] = field(default_factory=lambda: defaultdict(dict))
    _of_attempts: defaultdict[Key, Change] = field(default_factory=lambda: defaultdict(dict))
    _struck: list[Key] = field(default_factory=list)
    _reached: set[tuple[int, str]] = field(default_factory=set)

    def open(self) -> None:
        """Lock the replies and read how they and their attempts stand."""
        rows = self.connection.execute(_LOCKED, {"ids": self.ids}).mappings()
        self._replies = {row["id"]: dict(row) for row in rows}
        self._attempts = {reply_id: {} for reply_id in self._replies}
        for row in self.connection.execute(_ATTEMPTS, {"ids": list(self._replies)}).mappings():
            self._attempts[row["reply_id"]][row["number"]] = dict(row)

    def reply(self, reply_id: int) -> Mapping[str, Any]:
        """Return what is known of a reply that is in these books."""
        return self._replies[reply_id]

    def attempts(self, reply_id: int) -> Mapping[int, Mapping[str, Any]]:
        """Return the attempts at a reply by number, with outcome, delivery and sid; none where there is no reply."""
        return self._attempts.get(reply_id, {})

    def with_sid(self, sid: str) -> Iterator[Key]:
        """Yield the attempts in these books that the gateway knows by this id."""
        for reply_id, numbers in self._attempts.items():
            yield from ((reply_id, number) for number, known in numbers.items() if known["sid"] == sid)

    def history(self, reply_id: int) -> ReplyHistory | None:
        """Return how a reply stands; None when there is no such reply."""
        row = self._replies.get(reply_id)
        if row is None:
            return None
        others = [known for number, known in self._attempts[reply_id].items() if number != row["attempt"]]
        soft = sum(known["delivery"] in FAILED for known in others)
        unknown = sum(known["outcome"] == "unknown" for known in others)
        state = ReplyState(row["state"])
        return ReplyHistory(state, row["attempt"], row["delivery"], row["sid"], row["useful_until"], soft, unknown)

    def change(self, reply_id: int, change: Change) -> None:
        """Note what changes of a reply, if anything does."""
        if change:
            _note(self._replies[reply_id], self._of_replies[reply_id], change | {"updated_at": self.now})

    def note(self, key: Key, change: Change) -> None:
        """Note what is learnt of an attempt."""
        reply_id, number = key
        if number in self._attempts[reply_id]:
            _note(self._attempts[reply_id][number], self._of_attempts[key], change)

    def strike(self, key: Key) -> None:
        """Strike out an attempt that was none."""
        reply_id, number = key
        self._attempts[reply_id].pop(number, None)
        self._of_attempts.pop(key, None)
        self._struck.append(key)

    def reached(self, reply_id: int) -> None:
        """Note that a reply has reached its person, who therefore has not opted out, or no longer."""
        row = self._replies[reply_id]
        self._reached.add((row["site_id"], row["recipient"]))

    @contextmanager
    def aside(self) -> Iterator[Connection]:
        """Yield the connection for what reaches beyond these replies; it sees, and may change, how they stand."""
        self.close()
        yield self.connection
        self.open()

    def close(self) -> None:
        """Write what has changed."""
        self._write(_CHANGE_REPLY, [({"of_reply": one}, change) for one, change in self._of_replies.items()])
        noted = [
            ({"of_reply": one, "of_number": number}, change) for (one, number), change in self._of_attempts.items()
        ]
        self._write(_CHANGE_ATTEMPT, noted)
        self._write(_STRIKE, [({"of_reply": one, "of_number": number}, {}) for one, number in self._struck])
        if self._reached:
            sites, phones = {site for site, _ in self._reached}, {phone for _, phone in self._reached}
            self.connection.execute(_BACK, {"sites": [*sites], "phones": [*phones], "pairs": [*self._reached]})
        for written in (self._of_replies, self._of_attempts, self._struck, self._reached):
            written.clear()

    def _write(self, statement: Update | Delete, changes: Iterable[tuple[dict[str, Any], Change]]) -> None:
        """Execute once for all changes of the same columns."""
        alike: defaultdict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
        for which, change in changes:
            alike[frozenset(change)].append(which | change)
        for rows in alike.values():
            self.connection.execute(statement, rows if len(rows) > 1 else rows[0])


def _note(known: dict[str, Any], changed: Change, change: Change) -> None:
    # A value that stands there already is not written, and its index not touched.
    changed |= {name: value for name, value in change.items() if name not in known or known[name] != value}
    known |= change
