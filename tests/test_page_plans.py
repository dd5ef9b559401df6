"""Pages, alarms, health and metrics read no long table from its beginning, however many rows it gets (SQLite).

The plans are those that SQLite makes by the figures of `worker.store.statistics`, the same in every database.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from tests.fixtures.large_register import fill
from tests.infrastructure.serving import runtime_of
from tests.infrastructure.visiting import enrol, visitor
from webhook.app import create_app
from worker.accounts.users import ROLES
from worker.alerts.alarms import alarms
from worker.clock import utc_now
from worker.decide.notices import Notices
from worker.outbox.fetch import fetch
from worker.outbox.pace import AS_THEY_COME, Pace
from worker.phones.news import waiting_for
from worker.processes.sweeper import Sweeper
from worker.readers.health import health_of
from worker.readers.metrics import Metrics, scrape
from worker.readers.register import STATUSES
from worker.runtime import Runtime
from worker.store.database import reading
from worker.store.revisions import migrate
from worker.store.schema import gateways, phone_sims, phones

LONG = {"inbox", "decisions", "reports", "claims", "replies", "attempts", "deadlines", "senders", "follow_ups"}
ALONG_THE_LINE = {"ix_reports_searched", "ix_claims_searched", "ix_claims_status", "ix_claims_unsure"}
"""What the register is read by, a page at a time; with names and units that nobody has, to its end."""
ALONG_THE_LINE |= {"ix_claims_flagged", "ix_claims_visited_at", "ix_claims_renewed_at", "ix_claims_deal_at"}
SHORT = {"ix_inbox_policy", "ix_decisions_undecided", "ix_replies_unsent", "ix_replies_failed", "ix_claims_pending"}
SHORT |= {"ix_replies_to_send"}
"""Partial indexes in which few rows stand."""
PAGES = [
    *("/desk", "/desk?q=张", "/desk/1/arrivals", "/desk/1/found?q=5678", "/desk/1/found?q=张", "/desk/1/log"),
    *("/cases", "/cases/1/waiting", "/register", "/register/rows", "/register?before=500-0", "/register?after=500-0"),
    *("/register?q=张", "/register?q=5678", "/register?q=138****5678", "/register?q=R77", "/register?unit=第3分销"),
    *("/register?q=张&status=expired", "/register?unit=第3分销&status=live", "/register?q=5678&status=live"),
    *(f"/register?status={status}&before=500-0" for status in (*STATUSES, "none")),
    *(f"/register?flag={flag}" for flag in ("unsure", "unlisted", "project")),
    *(
        "/register?q=zs",
        "/register?q=V5",
        "/register?q=D1",
        "/register?q=zs&status=all",
        "/register?unit=第3分销&status=all",
    ),
    *(
        "/register?sort=ending",
        "/register?sort=ending&status=live&before=500-0",
        "/register?sort=oldest&q=zs&after=9-0",
    ),
    *("/register?soon=1", "/register?from=2026-01-01&to=2026-02-01", "/register?from=2026-01-01&status=all"),
    *("/register/chips", "/register/chips?q=zs", "/register/chips?q=5678&unit=第3分销", "/register/chips?q=V5"),
    *("/register/1/500/0", "/register/1/500/0?at=2026-01-01T00:00", "/ops", "/ops/texts/1/500", "/phones"),
    *("/setup", "/setup/steps", "/setup/site", "/setup/policy", "/setup/gateways"),
    *("/setup/people", "/setup/people?q=李&state=now&at=2", "/setup/staff", "/setup/users"),
    *(f"/ops/parts/{part}" for part in ("now", "traffic", "troubles")),
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("plans")
    url = f"sqlite:///{folder}/plans.sqlite"
    migrate(url)
    opened = runtime_of(folder, url, f"unix://{folder}/nobody.sock")
    fill(opened.engine, 1_000, utc_now())
    enrol(opened, "boss", *ROLES)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def boss(runtime: Runtime) -> FlaskClient:
    return visitor(create_app(runtime), "boss")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_no_long_table_to_its_end(runtime: Runtime, boss: FlaskClient, path: str) -> None:
    def shown() -> None:
        assert boss.get(path, buffered=True, follow_redirects=True).status_code == 200

    assert reads_at_length(runtime, shown) == []


def test_alarms_health_and_metrics_read_no_long_table_to_its_end(runtime: Runtime) -> None:
    now = utc_now()
    numbers = Metrics(runtime)
    scrape(numbers)
    assert reads_at_length(runtime, lambda: alarms(runtime.engine, now)) == []
    assert reads_at_length(runtime, lambda: health_of(runtime)) == []
    assert reads_at_length(runtime, lambda: scrape(numbers)) == []


def test_what_phones_fetch_and_listen_for_is_found_without_reading_all_that_was_ever_sent(runtime: Runtime) -> None:
    now = utc_now()
    with runtime.engine.begin() as connection:
        gateway = {"name": "desk", "kind": "phone", "created_at": now, "token": "", "token_at": now}
        connection.execute(insert(gateways).values(gateway))
        phone = {"id": "aa", "gateway": "desk", "name": "", "state": "approved", "token": "", "sims": []}
        connection.execute(insert(phones).values(phone | {"registered_at": now, "seen_at": now}))
        connection.execute(insert(phone_sims).values(phone="aa", sim=1, site_id=1))
    for pace in (AS_THEY_COME, Pace(timedelta(seconds=1))):
        assert reads_at_length(runtime, lambda pace=pace: waiting_for(runtime.engine, ["aa"], now, pace)) == []
        assert reads_at_length(runtime, lambda pace=pace: fetch(runtime.engine, "aa", {1: 1}, now, pace)) == []


def test_a_round_of_the_sweeper_reads_no_long_table_to_its_end(runtime: Runtime) -> None:
    # Retention goes through whole lines, once a night: it is night somewhere.
    rounds = [each for name, each in Sweeper(runtime, Event()).rounds.items() if name != "retention"]
    for step in [step for each in rounds for step in each.steps] * 2:
        assert reads_at_length(runtime, step) == []
    # With something that is due.
    later = utc_now() + timedelta(days=8)
    assert reads_at_length(runtime, lambda: Notices(runtime.engine).tell(later)) == []


def reads_at_length(runtime: Runtime, act: Callable[[], object]) -> list[str]:
    """Return how this reads a long table without an index that leads to what it wants, a line of a plan each."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        said.append((statement, values))

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)
    found = []
    with reading(runtime.engine).connect() as connection:
        for statement, values in dict(said).items():
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                found += [f"{row[3]} in {statement}" for row in plan if _is_long(row[3], statement)]
    return found


def _is_long(step: str, statement: str) -> bool:
    """Tell whether a step of a plan goes through all of a long table, or all that a whole site has in it."""
    looked = re.match(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+)(?: \((.*?)\))?)?", step)
    if looked is None or looked[2] not in LONG or looked[3] in SHORT | ALONG_THE_LINE or "rowid=?" in step:
        return False
    # By its key along a line, some places from one of its ends.
    by_key = (looked[3] or "").startswith("sqlite_autoindex") or "ORDER BY replies.id DESC" in statement
    a_few = by_key and "LIMIT" in statement and "UNION" not in statement
    return not a_few and (looked[1] == "SCAN" or looked[4] in ("site_id=?", "done=?", None))
