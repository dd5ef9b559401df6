"""What a person should look at: replies that did not arrive, texts of no site or without a meaning, who fails often."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, literal_column, select

from worker.accounts.users import User
from worker.readers.asides import readable
from worker.readers.erasure import TEXT, UNROUTED
from worker.readers.undecidable import left_undecided
from worker.rules.codes import Code
from worker.store.database import reading
from worker.store.schema import UNSENT, decisions, inbox, replies, roster, sites, unrouted
from worker.store.states import UNDELIVERED

MOST = 20
MOST_LISTED = 200
OFTEN = 3
UNREADABLE = (Code.REFUSED_UNREADABLE, Code.REFUSED_NOT_A_REPORT, Code.UNREADABLE)


@dataclass(frozen=True, slots=True)
class FailedReply:
    """A reply that did not go out, or of which nobody knows; `seq` is its text's place, None for a notice of time."""

    id: int
    site_id: int
    site: str
    cause: str
    code: str
    recipient: str
    ref: str
    state: str
    error_code: str | None
    error_words: str | None
    created_at: datetime

    @property
    def seq(self) -> int | None:
        """Return the place of the text that it answers."""
        return int(self.cause[2:]) if self.cause.startswith("m:") else None


@dataclass(frozen=True, slots=True)
class OddText:
    """A text that nobody could read or place. `site_id` and `seq` are None for one to a number of no site."""

    received_at: datetime
    sender: str
    text: str
    site_id: int | None = None
    seq: int | None = None
    code: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class FailingSender:
    """A phone whose texts were refused several times; `name` and `unit` where it is on the roster."""

    site_id: int
    sender: str
    name: str | None
    unit: str | None
    refused: int
    last_at: datetime
    last_seq: int


def failed_replies(
    engine: Engine, site_ids: Collection[int], since: datetime, reader: User | None = None
) -> list[FailedReply]:
    """Return the newest replies written after `since` that did not arrive, as far as we know, and `reader` may read."""
    mine = replies.c.created_at >= since, replies.c.site_id.in_(site_ids), readable(reader)
    with reading(engine).connect() as connection:
        return _standing_still(connection, _newest(UNDELIVERED).where(*mine).limit(MOST))


def replies_standing_still(engine: Engine, states: Collection[str]) -> list[FailedReply]:
    """Return the newest replies of all sites in these states."""
    with reading(engine).connect() as connection:
        return _standing_still(connection, _newest(states).limit(MOST_LISTED))


def reply_standing_still(
    engine: Engine, site_id: int, reply_id: int, reader: User | None = None
) -> tuple[FailedReply, str] | None:
    """Return a reply of a site that did not arrive, as far as we know, with its words; None when it is none of them.

    Nor is it when it is not `reader`'s to read.
    """
    mine = replies.c.site_id == site_id, replies.c.id == reply_id, readable(reader)
    with reading(engine).connect() as connection:
        found = _standing_still(connection, _newest(UNDELIVERED).where(*mine))
        words = connection.execute(select(replies.c.words).where(*mine)).scalar()
    return (found[0], words) if found and words else None


def replies_at_rest(engine: Engine, reply_ids: Collection[int], reader: User | None = None) -> list[FailedReply]:
    """Return those of these replies that did not arrive, as far as we know, and `reader` may read, the newest first."""
    with reading(engine).connect() as connection:
        return _standing_still(connection, _newest(UNDELIVERED).where(replies.c.id.in_(reply_ids), readable(reader)))


def words_of_replies(engine: Engine, reply_ids: Collection[int]) -> dict[int, str]:
    """Return the words of these replies, by id."""
    with reading(engine).connect() as connection:
        rows = connection.execute(select(replies.c.id, replies.c.words).where(replies.c.id.in_(reply_ids)))
        return {row.id: row.words for row in rows}


def site_of_reply(engine: Engine, reply_id: int) -> int | None:
    """Return whose reply this is; None when there is none of that id."""
    with reading(engine).connect() as connection:
        found: int | None = connection.execute(
            select(replies.c.site_id).where(replies.c.id == reply_id)
        ).scalar_one_or_none()
    return found


def _newest(states: Collection[str]) -> Select[Any]:
    names = ("id", "site_id", "cause", "code", "recipient", "ref", "state", "error_code", "error_words", "created_at")
    columns = [replies.c[name] for name in names]
    query = select(*columns, sites.c.name.label("site")).join(sites, sites.c.id == replies.c.site_id)
    return query.where(UNSENT, replies.c.state.in_(states)).order_by(replies.c.created_at.desc(), replies.c.id.desc())


def _standing_still(connection: Connection, query: Select[Any]) -> list[FailedReply]:
    return [FailedReply(**row) for row in connection.execute(query).mappings()]


def unrouted_texts(engine: Engine) -> list[OddText]:
    """Return the newest texts to a number of no site."""
    columns = unrouted.c.received_at, unrouted.c.sender, UNROUTED, unrouted.c.recipient
    with reading(engine).connect() as connection:
        rows = connection.execute(select(*columns).order_by(unrouted.c.id.desc()).limit(MOST)).all()
    return [OddText(row.received_at, row.sender, row.text, recipient=row.recipient) for row in rows]


def unreadable_texts(engine: Engine, site_ids: Collection[int], since: datetime) -> list[OddText]:
    """Return the newest texts decided after `since` in which no meaning was found."""
    columns = inbox.c.received_at, inbox.c.sender, TEXT, inbox.c.site_id, inbox.c.seq, decisions.c.code
    query = _decided(select(*columns), site_ids, since).where(decisions.c.code.in_(UNREADABLE))
    newest = query.order_by(decisions.c.decided_at.desc(), inbox.c.seq.desc()).limit(MOST)
    with reading(engine).connect() as connection:
        return [OddText(*row) for row in connection.execute(newest)]


def undecidable_texts(engine: Engine, site_ids: Collection[int]) -> list[OddText]:
    """Return the newest messages that could not be decided and do not stand in line again (L26)."""
    columns = inbox.c.received_at, inbox.c.sender, TEXT, inbox.c.site_id, inbox.c.seq, decisions.c.code
    place = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    query = select(*columns).select_from(inbox.join(decisions, place)).where(left_undecided())
    newest = query.where(decisions.c.site_id.in_(site_ids)).order_by(inbox.c.received_at.desc(), inbox.c.seq.desc())
    with reading(engine).connect() as connection:
        return [OddText(*row) for row in connection.execute(newest.limit(MOST))]


def failing_senders(engine: Engine, site_ids: Collection[int], since: datetime) -> list[FailingSender]:
    """Return the phones with three or more refusals decided after `since`, the most refused first."""
    on_roster = and_(roster.c.site_id == inbox.c.site_id, roster.c.phone == inbox.c.sender)
    refused, last_seq = func.count().label("refused"), func.max(inbox.c.seq)
    # SQLite would rather group by an index that has every text than look at the few that are late.
    sender = inbox.c.sender.concat(literal_column("''"))
    columns = inbox.c.site_id, sender, roster.c.name, roster.c.unit
    query = _decided(select(*columns, refused, func.max(inbox.c.received_at), last_seq), site_ids, since)
    often = (
        query.outerjoin(roster, on_roster)
        .where(decisions.c.code.startswith("refused_", autoescape=True))
        .group_by(*columns)
        .having(func.count() >= OFTEN)
        .order_by(refused.desc(), sender)
        .limit(MOST)
    )
    with reading(engine).connect() as connection:
        return [FailingSender(*row) for row in connection.execute(often)]


def _decided(query: Select[Any], site_ids: Collection[int], since: datetime) -> Select[Any]:
    place = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    late = decisions.c.decided_at >= since, decisions.c.site_id.in_(site_ids)
    return query.select_from(inbox.join(decisions, place)).where(inbox.c.kind == "text", *late)
