"""Every text that came in or went out at a site, the newest first: found by who sent or got it, day, code and state.

A page costs the same however long the line is: what an index leads to is looked up, and along the line no more than
`LOOKED_THROUGH` places are looked through for one page, which then says how far back it has looked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, select

from parsers.numbers import country_code_of
from worker.accounts.users import User
from worker.readers.asides import readable
from worker.readers.desk import names_of_phones
from worker.readers.erasure import TEXT, WORDS
from worker.readers.search import EVERYTHING, KINDS, Search
from worker.store.database import reading
from worker.store.schema import UNSENT, cursors, decisions, inbox, replies, roster, senders, sites, users
from worker.store.states import UNDELIVERED

ROWS_A_PAGE: Final = 50
LOOKED_THROUGH: Final = 50_000
MOST_PHONES: Final = 50
CAME, ENTERED, WENT = "in", "page", "out"
"""A text that came in, a form of our own pages, a text that went out."""
UNDECIDED: Final = "undecided"
"""Instead of a code: what came in and is not decided yet."""
LATE_IDS: Final = 1_000
"""By so many a reply's id may be out of the order of the times at which replies were written."""


@dataclass(frozen=True, slots=True)
class TextSearch:
    """What is looked for; everything that is given must fit. Days are spans of time, `until` not among them."""

    typed: Search = EVERYTHING
    """digits of the phone that sent or got it, a registration's number that its words bear, or words"""
    way: str | None = None
    code: str | None = None
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """In which ways it may have gone: what has a state went out."""
        every = (WENT,) if self.states else (CAME, ENTERED, WENT)
        return tuple(way for way in every if self.way in (None, way))


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `phone` is who sent or got it, `code` what was decided of it or what it says, `seq` its message's place.

    `reply_id` and `state` are of what went out; `seq` is None for what time made us say.
    """

    way: str
    at: datetime
    phone: str
    words: str
    code: str | None
    seq: int | None
    key: int
    reply_id: int | None = None
    state: str | None = None
    delivery: str | None = None
    error_code: str | None = None
    error_words: str | None = None


TextKey = tuple[int, int]
"""From which place and which reply a page goes on, each exclusive."""


@dataclass(frozen=True, slots=True)
class TextPage:
    """Some texts, the newest first; `older` is where to go on, None at the end; `back_to`: how far it was looked."""

    texts: tuple[Text, ...]
    older: TextKey | None
    back_to: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """what those are called whose phones are shown, as far as roster and staff know them"""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What one table has, the newest first; `left`: before which key it was not looked at, 0 where it was."""

    texts: list[Text]
    left: int
    left_at: datetime | None = None

    def next(self, shown: Collection[Text]) -> int:
        """Return the key before which the next page goes on in this table, 0 when there is no more of it."""
        taken = [text.key for text in self.texts if text in shown]
        if len(taken) == len(self.texts):
            return self.left
        return min(taken, default=self.texts[0].key + 1)


def texts_page(
    engine: Engine, site_id: int, search: TextSearch, before: TextKey | None = None, reader: User | None = None
) -> TextPage:
    """Return up to fifty texts of a site that are looked for: the newest, or those before a key.

    `reader`: who looks, None at the server itself; he reads no alert about another's site (`worker.readers.asides`).
    """
    last, nothing = before or (2**62, 2**62), _Stretch([], 0)
    with reading(engine).connect() as connection:
        phones = _phones_of(connection, site_id, search.typed)
        inwards = {CAME, ENTERED}.intersection(search.ways)
        came = _came(connection, site_id, search, phones, last[0]) if inwards else nothing
        went = _went(connection, site_id, search, phones, last[1], reader) if WENT in search.ways else nothing
    both = sorted((*came.texts, *went.texts), key=lambda text: (text.at, text.key), reverse=True)
    shown = tuple(both[:ROWS_A_PAGE])
    older = (came.next(shown), went.next(shown))
    names = _names(engine, site_id, {text.phone for text in shown})
    looked = max((each.left_at for each in (came, went) if each.left_at is not None), default=None)
    return TextPage(shown, older if any(older) else None, looked if len(shown) < ROWS_A_PAGE else None, names)


def _phones_of(connection: Connection, site_id: int, typed: Search) -> list[str] | None:
    """Return the phones with the digits that are looked for; None when none are."""
    if typed.last4 is None:
        return None
    ends = f"%{typed.last4}"
    found: set[str] = set()
    for table in (senders, roster):
        fitting = select(table.c.phone).where(table.c.site_id == site_id, table.c.phone.like(ends)).limit(MOST_PHONES)
        found |= set(connection.execute(fitting).scalars())
    found |= set(connection.execute(select(users.c.phone).where(users.c.phone.like(ends))).scalars())
    state = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
    found |= {phone for phone in state.get("staff", {}) if phone.endswith(typed.last4)}
    begins = typed.first3 or ""
    return sorted(phone for phone in found if phone.removeprefix(f"+{country_code_of(phone)}").startswith(begins))


def _names(engine: Engine, site_id: int, phones: Collection[str]) -> dict[str, str]:
    listed = select(roster.c.phone, roster.c.name).where(roster.c.site_id == site_id, roster.c.phone.in_(phones))
    with reading(engine).connect() as connection:
        on_roster = {row.phone: row.name for row in connection.execute(listed)}
    return on_roster | names_of_phones(engine, phones, site_id)


def _words_in(column: ColumnElement[str], typed: Search) -> list[ColumnElement[bool]]:
    numbers = ((letter, getattr(typed, name)) for letter, name in KINDS.items())
    references = [f"{letter}{number}" for letter, number in numbers if number is not None]
    return [column.contains(word, autoescape=True) for word in (*typed.words, *references)]


def _came(
    connection: Connection, site_id: int, search: TextSearch, phones: Collection[str] | None, before: int
) -> _Stretch:
    """Return what came in, or was entered, before a place."""
    top = connection.execute(select(sites.c.last_seq).where(sites.c.id == site_id)).scalar_one() + 1
    begin, end = (_place_of(connection, site_id, at, top, out) for at, out in ((search.since, 1), (search.until, top)))
    end = min(before, end)
    kinds = {CAME: "text", ENTERED: "form"}
    conditions: list[ColumnElement[bool]] = [inbox.c.kind.in_([kinds[way] for way in search.ways if way in kinds])]
    conditions += _words_in(inbox.c.text, search.typed)
    if search.code is not None:
        conditions.append(decisions.c.code.is_(None) if search.code == UNDECIDED else decisions.c.code == search.code)
    if phones is not None:
        conditions.append(inbox.c.sender.in_(phones))
    floor = begin if phones is not None else max(begin, end - LOOKED_THROUGH)
    decided = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    columns = (inbox.c.seq, inbox.c.kind, inbox.c.received_at, inbox.c.sender, TEXT, decisions.c.code)
    mine = inbox.c.site_id == site_id, inbox.c.seq < end, inbox.c.seq >= floor
    query = select(*columns).select_from(inbox.outerjoin(decisions, decided)).where(*mine, *conditions)
    rows = connection.execute(query.order_by(inbox.c.seq.desc()).limit(ROWS_A_PAGE + 1)).all()
    ways = {kind: way for way, kind in kinds.items()}
    texts = [Text(ways[r.kind], r.received_at, r.sender, r.text, r.code, r.seq, r.seq) for r in rows]
    if floor == begin:
        return _Stretch(texts, 0)
    return _Stretch(texts, floor, _received_at(connection, site_id, floor))


def _place_of(connection: Connection, site_id: int, at: datetime | None, top: int, otherwise: int) -> int:
    """Return the first place that was received at a moment or later, `top` when there is none.

    By halves: times never fall along a line, and its places have no gaps.
    """
    if at is None:
        return otherwise
    low, high = 1, top
    while low < high:
        middle = (low + high) // 2
        received_at = _received_at(connection, site_id, middle)
        low, high = (middle + 1, high) if received_at is not None and received_at < at else (low, middle)
    return low


def _received_at(connection: Connection, site_id: int, seq: int) -> datetime | None:
    query = select(inbox.c.received_at).where(inbox.c.site_id == site_id, inbox.c.seq == seq)
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def _went(
    connection: Connection,
    site_id: int,
    search: TextSearch,
    phones: Collection[str] | None,
    before: int,
    reader: User | None,
) -> _Stretch:
    """Return what went out, or was to go out, before a reply."""
    begin, end = _ids_of(connection, search)
    end = min(before, end)
    conditions: list[Any] = [replies.c.site_id == site_id, readable(reader)]
    conditions += _words_in(replies.c.words, search.typed)
    if search.since is not None:
        conditions.append(replies.c.created_at >= search.since)
    if search.until is not None:
        conditions.append(replies.c.created_at < search.until)
    if search.code is not None:
        conditions.append(replies.c.code == search.code)
    if search.states:
        conditions.append(replies.c.state.in_(search.states))
    few = bool(search.states) and set(search.states) <= set(UNDELIVERED)
    if phones is not None:
        conditions.append(replies.c.recipient.in_(phones))
    elif few:
        # By the index of those that are not sent, in which few stand.
        conditions.append(UNSENT)
    floor = begin if phones is not None or few else max(begin, end - LOOKED_THROUGH)
    names = ("id", "created_at", "recipient", "code", "cause", "state", "delivery", "error_code", "error_words")
    query = select(*(replies.c[name] for name in names), WORDS).where(*conditions)
    query = query.where(replies.c.id < end, replies.c.id >= floor).order_by(replies.c.id.desc())
    texts = [_sent(row) for row in connection.execute(query.limit(ROWS_A_PAGE + 1))]
    if floor == begin:
        return _Stretch(texts, 0)
    written = select(replies.c.created_at).where(replies.c.id >= floor).order_by(replies.c.id).limit(1)
    return _Stretch(texts, floor, connection.execute(written).scalar())


def _ids_of(connection: Connection, search: TextSearch) -> tuple[int, int]:
    """Return between which ids the replies of the days stand that are looked for, the second not among them."""
    newest = select(replies.c.id).order_by(replies.c.id.desc()).limit(1)
    begin, end = 1, (connection.execute(newest).scalar() or 0) + 1
    written = select(replies.c.id).limit(1)
    if search.until is not None:
        before = written.where(replies.c.created_at < search.until).order_by(replies.c.created_at.desc())
        end = min(end, (connection.execute(before).scalar() or 0) + LATE_IDS)
    if search.since is not None:
        first = written.where(replies.c.created_at >= search.since).order_by(replies.c.created_at)
        begin = max(begin, (connection.execute(first).scalar() or end) - LATE_IDS)
    return begin, end


def _sent(row: Row[*tuple[Any, ...]]) -> Text:
    seq = int(row.cause[2:]) if row.cause.startswith("m:") else None
    how = {name: getattr(row, name) for name in ("state", "delivery", "error_code", "error_words")}
    return Text(WENT, row.created_at, row.recipient, row.words, row.code, seq, row.id, reply_id=row.id, **how)
