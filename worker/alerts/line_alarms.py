"""Alarms of what comes in: texts that wait or cannot be decided, clocks, numbers of no site, gaps in the lists."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from worker.alerts.alarm import SHOWN_FOR, Alarm, counted, hour, of_site, oldest
from worker.line.second_opinion import clock_ahead
from worker.readers.closings import closings
from worker.readers.lines import lines
from worker.readers.undecidable import left_undecided
from worker.rules.door_notes import AHEAD_LEAST
from worker.rules.policy import policy_of
from worker.store.schema import backfills, cursors, decisions, forwards, inbox, sites, unrouted

LINE_STANDS_AFTER: Final = timedelta(minutes=1)
FAILED_COMPARISONS: Final = 3


def line_stands(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose texts have waited for more than a minute."""
    for line in lines(connection):
        if line.waiting_since is None or line.waiting_since >= now - LINE_STANDS_AFTER:
            continue
        sentence = (
            f"{counted(line.waiting, 'text waits', 'texts wait')} for a decision at site {line.site_id}, the first "
            f"since {hour(line.waiting_since)}: see that `baobei work decide` and `baobei sweep` run, and look in "
            "their log for `job failed` and `step failed`."
        )
        detail = of_site(line.site_id, waiting=line.waiting)
        yield Alarm("line_stands", f"site:{line.site_id}", line.waiting_since, sentence, detail)


def line_ahead(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose line goes by a time that is yet to come."""
    ahead = sites.c.last_received_at > now + AHEAD_LEAST
    for row in connection.execute(select(sites.c.id, sites.c.last_received_at).where(ahead)):
        sentence = (
            f"The line of site {row.id} is ahead of this machine's clock: it goes by {hour(row.last_received_at)}, and "
            "every text bears that time until then, whatever protection ended meanwhile. Let this machine's clock and "
            "the database's be set from the network (NTP), and look through the site's newest reports."
        )
        minutes = int((row.last_received_at - now).total_seconds()) // 60
        yield Alarm("line_ahead", f"site:{row.id}", now, sentence, of_site(row.id, minutes=minutes))


def clock_jumped(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield that this machine's clock has jumped."""
    minutes = (ahead := clock_ahead(connection, now)) // timedelta(minutes=1)
    if ahead > AHEAD_LEAST:
        sentence = (
            f"This machine's clock has jumped {counted(minutes, 'minute', 'minutes')} ahead of how long it has been "
            "running, and texts bear its time: set it from the network (NTP), and look through the newest reports."
        )
        yield Alarm("clock_ahead", "", now, sentence, {"minutes": minutes})


def undecidable(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites with messages that could not be decided (L26)."""
    first = func.min(decisions.c.seq).label("first")
    query = select(decisions.c.site_id, func.count().label("total"), first, oldest(inbox.c.received_at))
    place = and_(decisions.c.site_id == inbox.c.site_id, decisions.c.seq == inbox.c.seq)
    mine = query.select_from(decisions.join(inbox, place)).where(left_undecided())
    for row in connection.execute(mine.group_by(decisions.c.site_id)):
        sentence = (
            f"{counted(row.total, 'message', 'messages')} of site {row.site_id} could not be decided, the first at "
            f"place {row.first}: report the line `undecidable` of the log, install a release that mends it, then run "
            f"`baobei redecide {row.site_id}:{row.first}`."
        )
        detail = of_site(row.site_id, messages=row.total, first=row.first)
        yield Alarm("undecidable", f"site:{row.site_id}", row.oldest, sentence, detail)


def forwards_wait(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose texts for other sites have waited for more than a minute (L25)."""
    text = and_(inbox.c.site_id == forwards.c.site_id, inbox.c.seq == forwards.c.seq)
    query = select(forwards.c.site_id, func.count().label("waiting"), oldest(inbox.c.received_at)).join(inbox, text)
    old = and_(~forwards.c.done, inbox.c.received_at < now - LINE_STANDS_AFTER)
    for row in connection.execute(query.where(old).group_by(forwards.c.site_id)):
        waiting = counted(row.waiting, "text of site %s waits", "texts of site %s wait") % row.site_id
        sentence = (
            f"{waiting} to be put into the line of the site that it is for, the first since {hour(row.oldest)}: see "
            "that `baobei sweep` runs, look in its log for `step failed`, and see that that site's number is unchanged."
        )
        yield Alarm(
            "forwards_wait", f"site:{row.site_id}", row.oldest, sentence, of_site(row.site_id, waiting=row.waiting)
        )


def unrouted_texts(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield that texts came to numbers of no site."""
    # Backwards from the newest: there is no index by time, and none is needed for as few as these.
    query = select(unrouted.c.received_at).order_by(unrouted.c.id.desc()).limit(100)
    recent = [at for at in connection.execute(query).scalars() if at > now - SHOWN_FOR]
    if recent:
        sentence = (
            f"{counted(len(recent), 'text', 'texts')} came within a day to a number of no site: open the site of that "
            "number with `baobei site add`, or point the number elsewhere at its gateway."
        )
        yield Alarm("unrouted_texts", "", min(recent), sentence, {"texts": len(recent)})


def many_messages(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites that have said more in this hour than they may (L11)."""
    # Counted where it is decided, so that nothing has to be counted here.
    for row in connection.execute(select(cursors.c.site_id, cursors.c.state)):
        said, limit = row.state.get("hour_messages", 0), policy_of(row.state.get("policy", {})).site_messages_per_hour
        began = now.astimezone(ZoneInfo(row.state.get("timezone", "UTC"))).replace(minute=0, second=0, microsecond=0)
        if said > limit and row.state["hour"] == f"{began:%Y-%m-%dT%H}":
            sentence = (
                f"Site {row.site_id} has said {said} messages since {hour(began.astimezone(UTC))}, more than its "
                f"{limit} an hour: look on /ops who texts so much; `baobei site policy` has `site_messages_per_hour`."
            )
            detail = of_site(row.site_id, messages=said)
            yield Alarm("many_messages", f"site:{row.site_id}", began.astimezone(UTC), sentence, detail)


def acts_closed(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield each closing of a phone's acts by itself, by the text that brought it (L6)."""
    for closing in closings(connection, now):
        place = f"{closing.site_id}:{closing.seq}"
        sentence = (
            f"Five wrong codes came from the phone of text {place}, the last of them, so that no act by text is taken "
            f"from it until {hour(closing.ends_at.astimezone(UTC))}: ask whose it is whether he sent them; /ops, or "
            "`baobei acts list` and `baobei acts open`, take his acts again."
        )
        detail = of_site(closing.site_id, text=closing.seq)
        yield Alarm("acts_closed", f"text:{place}", closing.since, sentence, detail)


def backfill_healed(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the gateways in whose lists texts were found that had never reached us."""
    healed = func.sum(backfills.c.healed).label("healed")
    lately = and_(backfills.c.healed > 0, backfills.c.ended_at > now - SHOWN_FOR)
    query = select(backfills.c.gateway, healed, oldest(backfills.c.ended_at)).where(lately)
    for row in connection.execute(query.group_by(backfills.c.gateway)):
        came = counted(row.healed, "text that had never reached us was", "texts that had never reached us were")
        sentence = (
            f"{came} found within a day in the list of gateway {row.gateway} and put in line late, the first at "
            f"{hour(row.oldest)}: see that its webhook points here and that this server answered then."
        )
        detail = {"gateway": row.gateway, "healed": int(row.healed)}
        yield Alarm("backfill_healed", row.gateway, row.oldest, sentence, detail)


def backfill_fails(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the gateways whose lists could not be compared with ours three times in a row."""
    newest = func.row_number().over(partition_by=backfills.c.gateway, order_by=backfills.c.id.desc())
    ended = select(backfills.c.gateway, backfills.c.error, backfills.c.ended_at, newest.label("place"))
    last = ended.where(backfills.c.ended_at > now - SHOWN_FOR).subquery()
    failed = select(last.c.gateway, func.max(last.c.error).label("error"), oldest(last.c.ended_at)).where(
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
