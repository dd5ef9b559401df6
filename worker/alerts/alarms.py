"""What an operator has to know of now: a table of conditions, each read from the tables with a few indexed queries.

Each alarm is a code, what it is about, one sentence that says what is wrong and how to mend it, and ids and counts.
Neither holds a name, a number or a word of a text. `baobei doctor`, ALERT_URL and /metrics all read them here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, select

from worker.line.second_opinion import clock_ahead
from worker.outbox.stops import stopped
from worker.readers.closings import closings
from worker.readers.lines import lines
from worker.readers.undecidable import left_undecided
from worker.rules.door_notes import AHEAD_LEAST
from worker.rules.policy import policy_of
from worker.store.database import reading
from worker.store.schema import (
    FAILED,
    attempts,
    backfills,
    cursors,
    decisions,
    forwards,
    gateway_stops,
    inbox,
    replies,
    sites,
    unrouted,
)
from worker.store.states import ReplyState

LINE_STANDS_AFTER: Final = timedelta(minutes=1)
REPLIES_WAIT_AFTER: Final = timedelta(minutes=5)
FAILURES_WITHIN: Final = timedelta(minutes=10)
FAILURES_LEAST: Final = 5
FAILURES_SHARE: Final = 0.2
CONTENT_WITHIN: Final = timedelta(hours=1)
CONTENT_LEAST: Final = 3
FAILED_COMPARISONS: Final = 3
SHOWN_FOR: Final = timedelta(days=1)
"""What nobody can undo, a reply in review, a text of no site or one that came late, is an alarm for a day."""
OUR_OWN: Final = ("opted out", "same words", "lost")
"""Codes of replies that we ourselves did not send, or gave up; no gateway failed now."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. `scope` tells those of one code apart, `site:3` or a gateway; empty: all of it."""

    code: str
    scope: str
    since: datetime
    sentence: str
    detail: dict[str, int | str] = field(default_factory=dict)


Condition = Callable[[Connection, datetime], Iterator[Alarm]]


def alarms(engine: Engine, now: datetime) -> list[Alarm]:
    """Return everything that is wrong at `now`. Raises SQLAlchemyError when the database is away."""
    with reading(engine).connect() as connection:
        return [alarm for condition in CONDITIONS for alarm in condition(connection, now)]


def _line_stands(connection: Connection, now: datetime) -> Iterator[Alarm]:
    for line in lines(connection):
        if line.waiting_since is None or line.waiting_since >= now - LINE_STANDS_AFTER:
            continue
        sentence = (
            f"{counted(line.waiting, 'text waits', 'texts wait')} for a decision at site {line.site_id}, the first "
            f"since {hour(line.waiting_since)}: see that `baobei work decide` and `baobei sweep` run, and look in "
            "their log for `job failed` and `step failed`."
        )
        detail = _site(line.site_id, waiting=line.waiting)
        yield Alarm("line_stands", f"site:{line.site_id}", line.waiting_since, sentence, detail)


def _line_ahead(connection: Connection, now: datetime) -> Iterator[Alarm]:
    ahead = sites.c.last_received_at > now + AHEAD_LEAST
    for row in connection.execute(select(sites.c.id, sites.c.last_received_at).where(ahead)):
        sentence = (
            f"The line of site {row.id} is ahead of this machine's clock: it goes by {hour(row.last_received_at)}, and "
            "every text bears that time until then, whatever protection ended meanwhile. Let this machine's clock and "
            "the database's be set from the network (NTP), and look through the site's newest reports."
        )
        minutes = int((row.last_received_at - now).total_seconds()) // 60
        yield Alarm("line_ahead", f"site:{row.id}", now, sentence, _site(row.id, minutes=minutes))


def _clock_ahead(connection: Connection, now: datetime) -> Iterator[Alarm]:
    minutes = (ahead := clock_ahead(connection, now)) // timedelta(minutes=1)
    if ahead > AHEAD_LEAST:
        sentence = (
            f"This machine's clock has jumped {counted(minutes, 'minute', 'minutes')} ahead of how long it has been "
            "running, and texts bear its time: set it from the network (NTP), and look through the newest reports."
        )
        yield Alarm("clock_ahead", "", now, sentence, {"minutes": minutes})


def _undecidable(connection: Connection, now: datetime) -> Iterator[Alarm]:
    first = func.min(decisions.c.seq).label("first")
    query = select(decisions.c.site_id, func.count().label("total"), first, _oldest(inbox.c.received_at))
    place = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    mine = query.select_from(decisions.join(inbox, place)).where(left_undecided())
    for row in connection.execute(mine.group_by(decisions.c.site_id)):
        sentence = (
            f"{counted(row.total, 'message', 'messages')} of site {row.site_id} could not be decided, the first at "
            f"place {row.first}: report the line `undecidable` of the log, install a release that mends it, then run "
            f"`baobei redecide {row.site_id}:{row.first}`."
        )
        detail = _site(row.site_id, messages=row.total, first=row.first)
        yield Alarm("undecidable", f"site:{row.site_id}", row.oldest, sentence, detail)


def _forwards_wait(connection: Connection, now: datetime) -> Iterator[Alarm]:
    text = and_(inbox.c.site_id == forwards.c.site_id, inbox.c.seq == forwards.c.seq)
    query = select(forwards.c.site_id, func.count().label("waiting"), _oldest(inbox.c.received_at)).join(inbox, text)
    old = and_(~forwards.c.done, inbox.c.received_at < now - LINE_STANDS_AFTER)
    for row in connection.execute(query.where(old).group_by(forwards.c.site_id)):
        waiting = counted(row.waiting, "text of site %s waits", "texts of site %s wait") % row.site_id
        sentence = (
            f"{waiting} to be put into the line of the site that it is for, the first since {hour(row.oldest)}: see "
            "that `baobei sweep` runs, look in its log for `step failed`, and see that that site's number is unchanged."
        )
        yield Alarm(
            "forwards_wait", f"site:{row.site_id}", row.oldest, sentence, _site(row.site_id, waiting=row.waiting)
        )


def _gateway_stopped(connection: Connection, now: datetime) -> Iterator[Alarm]:
    query = select(gateway_stops, sites.c.id).outerjoin(
        sites, and_(sites.c.gateway == gateway_stops.c.gateway, sites.c.number == gateway_stops.c.number)
    )
    for row in connection.execute(query):
        whole = not row.number
        what = f"Gateway {row.gateway}" if whole else f"The number of site {row.id} at gateway {row.gateway}"
        sentence = (
            f"{what} is stopped since {hour(row.since)} ({row.code}: {row.words}) and its replies wait: mend that, "
            f"then run `baobei gateway resume {row.gateway}`."
        )
        detail: dict[str, int | str] = {"gateway": row.gateway, "error": row.code}
        if whole:
            yield Alarm("gateway_stopped", row.gateway, row.since, sentence, detail)
        else:
            yield Alarm("number_stopped", f"site:{row.id}", row.since, sentence, detail | {"site": row.id or 0})


def _replies_wait(connection: Connection, now: datetime) -> Iterator[Alarm]:
    # One with a delivery has failed softly, and waits for its new attempt as it should.
    unsent = and_(replies.c.state == ReplyState.PENDING, replies.c.delivery.is_(None))
    old = replies.c.created_at < now - REPLIES_WAIT_AFTER
    query = select(replies.c.site_id, func.count().label("waiting"), _oldest(replies.c.created_at))
    query = query.join(sites, sites.c.id == replies.c.site_id).where(unsent, old, ~stopped())
    for row in connection.execute(query.group_by(replies.c.site_id)):
        sentence = (
            f"{counted(row.waiting, 'reply waits', 'replies wait')} at site {row.site_id}, the first since "
            f"{hour(row.oldest)}: see that `baobei work send` and `baobei sweep` run and can reach the gateway."
        )
        detail = _site(row.site_id, waiting=row.waiting)
        yield Alarm("replies_wait", f"site:{row.site_id}", row.oldest, sentence, detail)


def _replies_fail(connection: Connection, now: datetime) -> Iterator[Alarm]:
    failed = _failed_since(connection, now - FAILURES_WITHIN, replies.c.error_code.not_in(OUR_OWN))
    for row in failed:
        if row.total < FAILURES_LEAST:
            continue
        sent = and_(replies.c.site_id == row.site_id, replies.c.state == ReplyState.SENT)
        tried = attempts.join(replies, and_(attempts.c.reply_id == replies.c.id, sent))
        ended_lately = select(func.count()).select_from(tried).where(attempts.c.ended_at > now - FAILURES_WITHIN)
        all_ended = row.total + int(connection.execute(ended_lately).scalar_one())
        if row.total >= FAILURES_SHARE * all_ended:
            sentence = (
                f"{row.total} of {all_ended} replies of site {row.site_id} failed within ten minutes (one with code "
                f"{row.code}): look the code up at the gateway; /metrics counts all codes in `baobei_replies_failed`."
            )
            detail = _site(row.site_id, failed=row.total, of=all_ended) | {"error": row.code}
            yield Alarm("replies_fail", f"site:{row.site_id}", now, sentence, detail)


def _content_refused(connection: Connection, now: datetime) -> Iterator[Alarm]:
    for row in _failed_since(connection, now - CONTENT_WITHIN, replies.c.refusal == "content"):
        if row.total >= CONTENT_LEAST:
            sentence = (
                f"{row.total} replies of site {row.site_id} were refused for their words within an hour (one with "
                f"code {row.code}): register the number with the carriers, or ask the gateway's support."
            )
            detail = _site(row.site_id, refused=row.total) | {"error": row.code}
            yield Alarm("content_refused", f"site:{row.site_id}", now, sentence, detail)


def _replies_in_review(connection: Connection, now: datetime) -> Iterator[Alarm]:
    in_review = and_(replies.c.state == ReplyState.REVIEW, replies.c.updated_at > now - SHOWN_FOR)
    query = select(replies.c.site_id, func.count().label("total"), _oldest(replies.c.updated_at))
    for row in connection.execute(query.where(in_review).group_by(replies.c.site_id)):
        sentence = (
            f"Of {counted(row.total, 'reply', 'replies')} of site {row.site_id} nobody can tell whether it arrived, "
            "after a second attempt: look in the gateway's own log, and run `baobei gateway replies --state review`."
        )
        detail = _site(row.site_id, replies=row.total)
        yield Alarm("replies_in_review", f"site:{row.site_id}", row.oldest, sentence, detail)


def _unrouted_texts(connection: Connection, now: datetime) -> Iterator[Alarm]:
    # Backwards from the newest: there is no index by time, and none is needed for as few as these.
    query = select(unrouted.c.received_at).order_by(unrouted.c.id.desc()).limit(100)
    recent = [at for at in connection.execute(query).scalars() if at > now - SHOWN_FOR]
    if recent:
        sentence = (
            f"{counted(len(recent), 'text', 'texts')} came within a day to a number of no site: open the site of that "
            "number with `baobei site add`, or point the number elsewhere at its gateway."
        )
        yield Alarm("unrouted_texts", "", min(recent), sentence, {"texts": len(recent)})


def _backfill_healed(connection: Connection, now: datetime) -> Iterator[Alarm]:
    healed = func.sum(backfills.c.healed).label("healed")
    lately = and_(backfills.c.healed > 0, backfills.c.ended_at > now - SHOWN_FOR)
    query = select(backfills.c.gateway, healed, _oldest(backfills.c.ended_at)).where(lately)
    for row in connection.execute(query.group_by(backfills.c.gateway)):
        came = counted(row.healed, "text that had never reached us was", "texts that had never reached us were")
        sentence = (
            f"{came} found within a day in the list of gateway {row.gateway} and put in line late, the first at "
            f"{hour(row.oldest)}: see that its webhook points here and that this server answered then."
        )
        detail = {"gateway": row.gateway, "healed": int(row.healed)}
        yield Alarm("backfill_healed", row.gateway, row.oldest, sentence, detail)


def _backfill_fails(connection: Connection, now: datetime) -> Iterator[Alarm]:
    newest = func.row_number().over(partition_by=backfills.c.gateway, order_by=backfills.c.id.desc())
    ended = select(backfills.c.gateway, backfills.c.error, backfills.c.ended_at, newest.label("place"))
    last = ended.where(backfills.c.ended_at > now - SHOWN_FOR).subquery()
    failed = select(last.c.gateway, func.max(last.c.error).label("error"), _oldest(last.c.ended_at)).where(
        last.c.place <= FAILED_COMPARISONS, last.c.error.is_not(None)
    )
    each = failed.group_by(last.c.gateway).having(func.count() == FAILED_COMPARISONS)
    for row in connection.execute(each):
        sentence = (
            f"The last {FAILED_COMPARISONS} comparisons with the list of gateway {row.gateway} failed ({row.error}), "
            "so that a text which did not reach us would stay missing: check its account and the network, then run "
            "`baobei backfill --since 1d`."
        )
        yield Alarm("backfill_fails", row.gateway, row.oldest, sentence, {"gateway": row.gateway, "error": row.error})


def _many_messages(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """L11: counted where it is decided, so that nothing has to be counted here."""
    for row in connection.execute(select(cursors.c.site_id, cursors.c.state)):
        said, limit = row.state.get("hour_messages", 0), policy_of(row.state.get("policy", {})).site_messages_per_hour
        began = now.astimezone(ZoneInfo(row.state.get("timezone", "UTC"))).replace(minute=0, second=0, microsecond=0)
        if said > limit and row.state["hour"] == f"{began:%Y-%m-%dT%H}":
            sentence = (
                f"Site {row.site_id} has said {said} messages since {hour(began.astimezone(UTC))}, more than its "
                f"{limit} an hour: look on /ops who texts so much; `baobei site policy` has `site_messages_per_hour`."
            )
            detail = _site(row.site_id, messages=said)
            yield Alarm("many_messages", f"site:{row.site_id}", began.astimezone(UTC), sentence, detail)


def _acts_closed(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """L6: each closing is told by itself, by the text that brought it."""
    for closing in closings(connection, now):
        place = f"{closing.site_id}:{closing.seq}"
        sentence = (
            f"Five wrong codes came from the phone of text {place}, the last of them, so that no act by text is taken "
            f"from it until {hour(closing.ends_at.astimezone(UTC))}: ask whose it is whether he sent them; /ops, or "
            "`baobei acts list` and `baobei acts open`, take his acts again."
        )
        yield Alarm("acts_closed", f"text:{place}", closing.since, sentence, _site(closing.site_id, text=closing.seq))


CONDITIONS: Final[tuple[Condition, ...]] = (
    _line_stands,
    _line_ahead,
    _clock_ahead,
    _undecidable,
    _forwards_wait,
    _gateway_stopped,
    _replies_wait,
    _replies_fail,
    _content_refused,
    _replies_in_review,
    _unrouted_texts,
    _many_messages,
    _acts_closed,
    _backfill_healed,
    _backfill_fails,
)


def _failed_since(connection: Connection, since: datetime, which: ColumnElement[bool]) -> list[Row[Any]]:
    """Return for each site how many replies failed, `total`, and one of the codes, `code`."""
    total = func.count().label("total")
    query = select(replies.c.site_id, total, func.max(replies.c.error_code).label("code"))
    mine = and_(FAILED, replies.c.updated_at > since, which)
    return list(connection.execute(query.where(mine).group_by(replies.c.site_id)))


def _oldest(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.min(column, type_=column.type).label("oldest")


def _site(site_id: int, **counts: int) -> dict[str, int | str]:
    return {"site": site_id, **counts}


def counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def hour(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
