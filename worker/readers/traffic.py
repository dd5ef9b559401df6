"""What went through lately: decisions and replies over time, how long an answer took, and what came of it all."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Connection, Engine, case, cast, func, select, type_coerce

from worker.store.database import reading
from worker.store.schema import decisions, replies
from worker.store.types import EPOCH, MICROSECOND

MOST_LATENCIES = 2_000


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of consecutive spans of time, the last one still going on."""

    begins: datetime
    span: timedelta
    decisions: tuple[int, ...]
    replies: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from a text's receipt to its reply's going out; None without any."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyCount:
    """How many replies are in a state, how far the gateway says they are, and with which of its error codes."""

    state: str
    delivery: str | None
    error_code: str | None
    error_words: str | None
    count: int


def series_of(engine: Engine, site_ids: Collection[int], now: datetime, span: timedelta, spans: int) -> Series:
    """Return the counts of the last `spans` spans, of which the last is the one that `now` lies in."""
    last = (now - EPOCH) // span
    begins = EPOCH + (last - spans + 1) * span
    with reading(engine).connect() as connection:
        decided = _counted(connection, decisions.c.decided_at, site_ids, begins, span)
        sent = _counted(connection, replies.c.sent_at, site_ids, begins, span)
    numbers = range(last - spans + 1, last + 1)
    return Series(begins, span, tuple(decided[n] for n in numbers), tuple(sent[n] for n in numbers))


def _counted(
    connection: Connection, column: Column[datetime], site_ids: Collection[int], since: datetime, span: timedelta
) -> Counter[int]:
    number = (type_coerce(column, BigInteger) // (span // MICROSECOND)).label("number")
    mine = column.table.c.site_id.in_(site_ids)
    query = select(number, func.count()).where(column >= since, mine).group_by(number)
    return Counter({int(row[0]): row[1] for row in connection.execute(query)})


def latency_of(engine: Engine, site_ids: Collection[int], since: datetime) -> Latency:
    """Return how long the replies to texts took that went out after `since`, of at most the newest 2,000."""
    # Cast in a CASE: what is no message's place must never be cast.
    place = case((replies.c.cause.like("m:%"), cast(func.substr(replies.c.cause, 3), BigInteger)))
    to_text = (decisions.c.site_id == replies.c.site_id) & (decisions.c.seq == place)
    query = (
        select(replies.c.sent_at, decisions.c.received_at)
        .join(decisions, to_text)
        .where(replies.c.sent_at >= since, replies.c.role == "reply", replies.c.site_id.in_(site_ids))
        .order_by(replies.c.sent_at.desc())
        .limit(MOST_LATENCIES)
    )
    with reading(engine).connect() as connection:
        took = sorted((sent_at - received_at).total_seconds() for sent_at, received_at in connection.execute(query))
    return Latency(len(took), *(percentile(took, p) for p in (50, 95, 99)))


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Return the smallest of the sorted values that so many percent do not exceed; None of none."""
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None


def outcomes_of(engine: Engine, site_ids: Collection[int], since: datetime) -> list[tuple[str, int]]:
    """Return the codes of what was decided after `since` with their counts, the commonest first."""
    mine = decisions.c.site_id.in_(site_ids), decisions.c.decided_at >= since
    query = select(decisions.c.code, func.count()).where(*mine).group_by(decisions.c.code)
    with reading(engine).connect() as connection:
        rows = [(row[0], row[1]) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def reply_counts(engine: Engine, site_ids: Collection[int], since: datetime) -> list[ReplyCount]:
    """Return how the replies written after `since` stand, the commonest first."""
    # Not by the index on states, which SQLite would go through to have each state together.
    columns = replies.c.state.concat("").label("state"), replies.c.delivery, replies.c.error_code
    words = func.max(replies.c.error_words)
    query = select(*columns, words, func.count()).where(replies.c.created_at >= since, replies.c.site_id.in_(site_ids))
    with reading(engine).connect() as connection:
        rows = [ReplyCount(*row) for row in connection.execute(query.group_by(*columns))]
    return sorted(rows, key=lambda row: (-row.count, row.state, row.error_code or ""))
