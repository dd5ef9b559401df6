"""Alarms of what goes out: gateways and numbers that are stopped, replies that wait, fail, are refused or in doubt."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select

from worker.alerts.alarm import SHOWN_FOR, Alarm, counted, hour, of_site, oldest
from worker.outbox.stops import stopped
from worker.readers.consent import staff_opted_out
from worker.store.schema import FAILED, UNSENT, attempts, cursors, gateway_stops, replies, sites
from worker.store.states import ReplyState

REPLIES_WAIT_AFTER: Final = timedelta(minutes=5)
IN_DOUBT_AFTER: Final = timedelta(minutes=15)
"""By then each was looked for twice, if its gateway could be asked."""
FAILURES_WITHIN: Final = timedelta(minutes=10)
FAILURES_LEAST: Final = 5
FAILURES_SHARE: Final = 0.2
CONTENT_WITHIN: Final = timedelta(hours=1)
CONTENT_LEAST: Final = 3
OUR_OWN: Final = ("opted out", "same words", "lost")
"""Codes of replies that we ourselves did not send, or gave up; no gateway failed now."""
_LAST_ENDED: Final = (
    select(replies.c.state, replies.c.refusal)
    .where(replies.c.site_id == bindparam("site"), replies.c.recipient == bindparam("phone"))
    .where(replies.c.state.in_((ReplyState.SENT, ReplyState.FAILED)))
    .order_by(replies.c.id.desc())
    .limit(1)
)


def gateway_stopped(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the gateways and numbers that are stopped."""
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


def replies_wait(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose replies have waited for more than five minutes, at gateways that are not stopped."""
    # One with a delivery has failed softly, and waits for its new attempt as it should.
    unsent = and_(UNSENT, replies.c.state == ReplyState.PENDING, replies.c.delivery.is_(None))
    old = replies.c.created_at < now - REPLIES_WAIT_AFTER
    query = select(replies.c.site_id, func.count().label("waiting"), oldest(replies.c.created_at))
    query = query.join(sites, sites.c.id == replies.c.site_id).where(unsent, old, ~stopped())
    for row in connection.execute(query.group_by(replies.c.site_id)):
        sentence = (
            f"{counted(row.waiting, 'reply waits', 'replies wait')} at site {row.site_id}, the first since "
            f"{hour(row.oldest)}: see that `baobei work send` and `baobei sweep` run and can reach the gateway."
        )
        detail = of_site(row.site_id, waiting=row.waiting)
        yield Alarm("replies_wait", f"site:{row.site_id}", row.oldest, sentence, detail)


def no_manager_told(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites of which no manager can be told: none on staff, or each opted out or his number refused (L8)."""
    for row in connection.execute(select(cursors.c.site_id, cursors.c.state)).all():
        staff = row.state.get("staff", {}).items()
        managers = [phone for phone, role in staff if role == "manager"]
        silent = {person.phone for person in staff_opted_out(connection, row)}
        gone = len(silent.intersection(managers))
        refused = 0
        for phone in (each for each in managers if each not in silent):
            # The last reply whose fate is known tells: it may have been refused for his number, or for ours and his.
            last = connection.execute(_LAST_ENDED, {"site": row.site_id, "phone": phone}).first()
            refused += last is not None and last.state == ReplyState.FAILED and last.refusal in ("number", "pair")
        # A line in which nothing has been said yet has no staff to miss.
        if "staff" not in row.state or gone + refused < len(managers):
            continue
        why = f"{gone} opted out, the numbers of {refused} are refused" if managers else "it has none on its staff"
        sentence = (
            f"No manager of site {row.site_id} can be told anything ({why}): give it one who can be reached with "
            "`baobei staff add manager`, or have those who opted out text START to its number."
        )
        detail = of_site(row.site_id, managers=len(managers), opted_out=gone, refused=refused)
        yield Alarm("no_manager_told", f"site:{row.site_id}", now, sentence, detail)


def replies_fail(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites at which a fifth of the replies, and no less than five, failed within ten minutes."""
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
            detail = of_site(row.site_id, failed=row.total, of=all_ended) | {"error": row.code}
            yield Alarm("replies_fail", f"site:{row.site_id}", now, sentence, detail)


def content_refused(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites of which three replies or more were refused for their words within an hour."""
    for row in _failed_since(connection, now - CONTENT_WITHIN, replies.c.refusal == "content"):
        if row.total >= CONTENT_LEAST:
            sentence = (
                f"{row.total} replies of site {row.site_id} were refused for their words within an hour (one with "
                f"code {row.code}): register the number with the carriers, or ask the gateway's support."
            )
            detail = of_site(row.site_id, refused=row.total) | {"error": row.code}
            yield Alarm("content_refused", f"site:{row.site_id}", now, sentence, detail)


def replies_in_review(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites with replies of the last day that a person has to look at."""
    in_review = and_(UNSENT, replies.c.state == ReplyState.REVIEW, replies.c.updated_at > now - SHOWN_FOR)
    query = select(replies.c.site_id, func.count().label("total"), oldest(replies.c.updated_at))
    for row in connection.execute(query.where(in_review).group_by(replies.c.site_id)):
        sentence = (
            f"Of {counted(row.total, 'reply', 'replies')} of site {row.site_id} nobody can tell whether it arrived, "
            "after a second attempt: look in the gateway's own log, and run `baobei gateway replies --state review`."
        )
        detail = of_site(row.site_id, replies=row.total)
        yield Alarm("replies_in_review", f"site:{row.site_id}", row.oldest, sentence, detail)


def replies_in_doubt(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites with replies that may have been sent, and that could not be looked up for long."""
    old = and_(UNSENT, replies.c.state == ReplyState.UNKNOWN, replies.c.updated_at < now - IN_DOUBT_AFTER)
    query = select(replies.c.site_id, func.count().label("total"), oldest(replies.c.updated_at))
    for row in connection.execute(query.where(old).group_by(replies.c.site_id)):
        sentence = (
            f"{counted(row.total, 'reply', 'replies')} of site {row.site_id} may have been sent, the first at "
            f"{hour(row.oldest)}, and nobody could look it up: see that `baobei sweep` runs and can reach the gateway."
        )
        yield Alarm(
            "replies_in_doubt", f"site:{row.site_id}", row.oldest, sentence, of_site(row.site_id, replies=row.total)
        )


def _failed_since(connection: Connection, since: datetime, which: ColumnElement[bool]) -> list[Row[Any]]:
    """Return for each site how many replies failed, `total`, and one of the codes, `code`."""
    total = func.count().label("total")
    query = select(replies.c.site_id, total, func.max(replies.c.error_code).label("code"))
    mine = and_(FAILED, replies.c.updated_at > since, which)
    return list(connection.execute(query.where(mine).group_by(replies.c.site_id)))
