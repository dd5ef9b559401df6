"""SQLite finds what a decision looks up through an index, so that its cost does not grow with the register."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, Table, select
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from worker.readers.flags import flagged
from worker.store.database import open_engine
from worker.store.revisions import migrate
from worker.store.schema import aliases, claims, deals, kin, reports
from worker.store.working_set import OTHER, Columns, on_phones7

COLUMNS: dict[str, tuple[Table, Columns]] = {
    "claims": (claims, (claims.c.first3, claims.c.last4)),
    "aliases": (aliases, (aliases.c.first3, aliases.c.last4)),
    "kin": (kin, (kin.c.first3, kin.c.last4)),
    "others of kin": (kin, OTHER),
    "reports": (reports, (reports.c.first3, reports.c.last4)),
}


@pytest.mark.parametrize(("table", "columns"), COLUMNS.values(), ids=COLUMNS)
def test_clients_are_found_by_index(tmp_path: Path, table: Table, columns: Columns) -> None:
    query = select(table).where(table.c.site_id == 1, on_phones7(*columns, [("138", "5678"), ("139", "2233")]))
    plan = plan_of(tmp_path, query)
    assert f"SEARCH {table.name} USING INDEX" in plan
    assert f"(site_id=? AND {columns[1].name}=?)" in plan


def test_who_is_expected_on_a_day_is_found_by_index(tmp_path: Path) -> None:
    days = [date(2026, 11, 2), date(2026, 11, 1)]
    plan = plan_of(tmp_path, select(claims).where(claims.c.site_id == 1, claims.c.planned_day.in_(days)))
    assert "SEARCH claims USING INDEX ix_claims_planned_day (site_id=? AND planned_day=?)" in plan


def test_the_figures_of_a_week_are_found_by_index_however_large_the_register(tmp_path: Path) -> None:
    monday = datetime(2026, 11, 2, tzinfo=UTC)
    live = select(claims).where(claims.c.site_id == 1, claims.c.ends_at >= monday, claims.c.reported_at >= monday)
    assert "SEARCH claims USING INDEX ix_claims_ends_at (site_id=? AND ends_at>?)" in plan_of(tmp_path, live)
    sold = select(deals).where(deals.c.site_id == 1, deals.c.at >= monday)
    assert "SEARCH deals USING INDEX ix_deals_at (site_id=? AND at>?)" in plan_of(tmp_path, sold)


def plan_of(folder: Path, query: Select[Any]) -> str:
    """Return how SQLite looks something up."""
    url = f"sqlite:///{folder / 'look-ups.sqlite'}"
    migrate(url)
    engine = open_engine(url)
    written = query.compile(dialect=SQLiteDialect(), compile_kwargs={"literal_binds": True})
    with engine.begin() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all())
    engine.dispose()
    return plan


def test_readings_to_be_checked_are_found_by_their_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'look-ups.sqlite'}"
    migrate(url)
    engine = open_engine(url)
    query = select(claims.c.number).where(claims.c.site_id == 1, flagged("unsure")).order_by(claims.c.seq.desc())
    written = query.compile(dialect=SQLiteDialect(), compile_kwargs={"literal_binds": True})
    with engine.begin() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all())
    engine.dispose()
    assert "SEARCH claims USING INDEX ix_claims_unsure" in plan
