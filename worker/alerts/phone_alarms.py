"""Alarms of the ways by which texts come and go: a trial text that did not come back."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from worker.alerts.alarm import Alarm, hour, of_site
from worker.line.canaries import BACK_WITHIN, newest_of


def canary_lost(connection: Connection, now: datetime) -> Iterator[Alarm]:
    """Yield the sites whose newest text to ourselves is not back after ten minutes."""
    for row in newest_of(connection):
        if row.back_at is not None or now - row.asked_at < BACK_WITHIN:
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
