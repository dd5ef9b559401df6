"""Alarms of gateways that are phones: who waits for approval, is silent, changed or too old; texts that stay away."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from worker.alerts.alarm import Alarm, counted, hour, of_site
from worker.gateways.phone_versions import FIRST_GOOD, faults_of
from worker.line.canaries import is_lost, newest_of
from worker.readers.gateways import PhoneStanding, phone_standings

MANY: Final = 20
"""Replies that wait in one phone: as many as Android lets an app send in a quarter of an hour, and then some."""


def phones_troubled(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield what is wrong with phones: each once for each of `TROUBLES`."""
    for each in phone_standings(connection, now):
        yield from (alarm for trouble in TROUBLES if (alarm := trouble(each, now)) is not None)


def phone_waits(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that a phone waits for a person's approval."""
    since = each.phone.registered_at
    sentence = (
        f"{_named(each)} asks since {hour(since)} to be let in, and its texts are not taken until then: approve it on "
        "/setup/gateways if it is yours, else refuse it and give the gateway a new token."
    )
    return Alarm("phone_waits", _scope(each), since, sentence, _detail(each)) if each.waits else None


def phone_silent(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that nothing has been heard of an approved phone for minutes."""
    since = each.phone.seen_at
    sentence = (
        f"{_named(each)} has given no sign of life since {hour(since)}: texts to it wait there and replies wait here. "
        "See that it is on, online and charged, open its app, and see that it starts on boot."
    )
    return Alarm("phone_silent", _scope(each), since, sentence, _detail(each)) if each.silent else None


def phone_sim_changed(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that a phone's SIM is not the one any more with which it was approved."""
    sentence = (
        f"{_named(each)} has another card in SIM {', '.join(map(str, each.phone.changed))} than when it was approved, "
        "so it may have another number: put the card back, or approve it anew on /setup/gateways."
    )
    return Alarm("phone_sim_changed", _scope(each), now, sentence, _detail(each)) if each.phone.changed else None


def phone_app_too_old(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that a phone's version of the app has a fault that is known, the worst of them."""
    worst = next(iter(faults_of(each.phone.app)), None)
    if worst is None or not each.phone.sites:
        return None
    sentence = (
        f"{_named(each)} runs version {each.phone.app} of its app, which {worst.words}: install {FIRST_GOOD} or newer."
    )
    return Alarm("phone_app_too_old", _scope(each), now, sentence, _detail(each))


def phone_elsewhere(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that a phone's token was used from two networks in turn: a hint, for its phone may have two."""
    if not each.elsewhere or not each.phone.sites:
        return None
    since = each.phone.elsewhere_at or now
    sentence = (
        f"{_named(each)} was heard from two networks in turn about {hour(since)}: if it did not change between Wi-Fi "
        "and mobile data, somebody else may have its token and take its replies: end it on /setup/gateways, and start "
        "its app anew."
    )
    return Alarm("phone_elsewhere", _scope(each), since, sentence, _detail(each))


def phone_replies_wait(each: PhoneStanding, now: datetime) -> Alarm | None:
    """Return that a phone has fetched replies and not sent them for minutes."""
    if each.held_since is None:
        return None
    full = (
        " It takes more than it sends: approve a second phone beside it, or raise Android's limit."
        if each.held >= MANY
        else ""
    )
    sentence = (
        f"{_named(each)} holds {counted(each.held, 'reply', 'replies')} for minutes, the first since "
        f"{hour(each.held_since)}: look whether it asks on its screen to send (Android stops an app at 30 texts in 30 "
        f"minutes), and whether its card has credit.{full}"
    )
    return Alarm("phone_replies_wait", _scope(each), each.held_since, sentence, _detail(each) | {"held": each.held})


TROUBLES: Final = (phone_waits, phone_silent, phone_sim_changed, phone_app_too_old, phone_replies_wait, phone_elsewhere)


def canary_lost(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose newest text to ourselves is not back after ten minutes."""
    for row in newest_of(connection):
        if not is_lost(row, now):
            continue
        if row.failed is not None:
            what = f"could not be sent ({row.failed})"
            mend = "see that its card may send texts and has credit"
        elif row.taken_at is None:
            what = "was not fetched by the gateway"
            mend = "see that the phone is on, online, and its app running"
        else:
            what = "was fetched and has not come back, so texts may not reach us"
            mend = "text the site yourself; start the phone's app anew, and see that it starts on boot"
        sentence = f"The canary of site {row.site_id} at {hour(row.asked_at)} by gateway {row.gateway} {what}: {mend}."
        yield Alarm("canary_lost", f"site:{row.site_id}", row.asked_at, sentence, of_site(row.site_id))


def _named(each: PhoneStanding) -> str:
    return f"Phone {each.phone.id} of gateway {each.phone.gateway}"


def _scope(each: PhoneStanding) -> str:
    return f"phone:{each.phone.id}"


def _detail(each: PhoneStanding) -> dict[str, int | str]:
    of: dict[str, int | str] = {"gateway": each.phone.gateway, "phone": each.phone.id}
    return of if each.site_id is None else of_site(each.site_id) | of
