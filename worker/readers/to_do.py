"""What waits at a site for its people: cases, forms that lack a signature or a check, clients who have not come yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from worker.readers.arrivals import expected_at
from worker.readers.desk import arrivals_on
from worker.readers.open_cases import cases_of
from worker.rules.states import Signer


@dataclass(frozen=True, slots=True)
class SiteWaiting:
    """Counts of one moment. `unsigned`: of each signer, the forms of today that lack his signature."""

    cases: int
    unsigned: Mapping[Signer, int]
    unchecked: int
    """forms of today that client service has to check (R6)"""
    expected: int
    """clients who are expected today and have not come"""


def waiting_at(engine: Engine, site_id: int, now: datetime, zone: ZoneInfo) -> SiteWaiting:
    """Return what waits at a site as its pages show it; the day is that of the zone."""
    today = now.astimezone(zone).date()
    found = cases_of(engine, site_id, now, today)
    claims = sum(1 + case.more for case in (*found.suspected, *found.contested))
    arrivals = [each for each in arrivals_on(engine, site_id, today, today) if each.waits]
    return SiteWaiting(
        cases=claims + len(found.forms) + len(found.disputes),
        unsigned={signer: sum(signer in each.missing for each in arrivals) for signer in Signer},
        unchecked=sum(each.status == "asked" for each in arrivals),
        expected=sum(each.form is None for each in expected_at(engine, site_id, today)),
    )
