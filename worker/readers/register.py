"""《客户报备登记表》 as people read it: every client of every report, and where his registration stands (R3, K3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, select

from worker.database import reading
from worker.schema import claims, reports, sites

COLUMNS = (
    "number",
    "status",
    "client",
    "phone",
    "agent",
    "unit",
    "reported_at",
    "ends_at",
    "visited_at",
    "sender",
    "site",
    "seq",
    "part",
)
STATUSES = (
    "live",
    "renewed",
    "visited",
    "expired",
    "lapsed",
    "suspected",
    "contested",
    "withdrawn",
    "displaced",
    "sold",
)
WINNING = ("accepted", "unlisted", "suspected", "contested", "imported")


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A row of the register; `status` is one of STATUSES, or the code of the answer that a report without a win got."""

    number: str
    status: str
    client: str
    phone: str
    agent: str
    unit: str
    reported_at: datetime
    ends_at: datetime | None
    visited_at: datetime | None
    sender: str
    site: str
    seq: int
    part: int


def register_rows(
    engine: Engine, now: datetime, site: str | None = None, status: str | None = None
) -> Iterator[RegisterRow]:
    """Yield the register's rows in line order as they stand at `now`, of one site or all, of one status or all."""
    with reading(engine).connect() as connection:
        for row in _joined(connection, site):
            shown = _shown(row, now)
            if status is None or shown.status == status:
                yield shown


def _joined(connection: Connection, site: str | None) -> Iterator[Row[Any]]:
    won = and_(claims.c.site_id == reports.c.site_id, claims.c.number == reports.c.number)
    kept = ("ends_at", "ended_at", "visited_at", "renewed_at", "state")
    query = (
        select(reports, sites.c.name.label("site"), *(claims.c[name] for name in kept))
        .join(sites, sites.c.id == reports.c.site_id)
        .outerjoin(claims, won)
        .order_by(reports.c.site_id, reports.c.seq, reports.c.part)
    )
    query = query if site is None else query.where(sites.c.name == site)
    yield from connection.execution_options(yield_per=1000).execute(query)


def _shown(row: Row[Any], now: datetime) -> RegisterRow:
    won = row.number is not None and row.code in WINNING
    return RegisterRow(
        number=f"R{row.number}" if row.number is not None else "",
        status=status_of(row, now) if won else row.code,
        client=row.client,
        phone=f"{row.first3}****{row.last4}",
        agent=row.agent,
        unit=row.unit,
        reported_at=row.received_at,
        ends_at=row.ends_at if won else None,
        visited_at=row.visited_at if won else None,
        sender=row.sender,
        site=row.site,
        seq=row.seq,
        part=row.part,
    )


def status_of(claim: Any, now: datetime) -> str:
    """Return one of STATUSES for a claim (its columns or a `Claim`) as it stands at `now`."""
    if claim.state not in ("live", "suspected", "contested"):
        return str(claim.state)
    if now >= claim.ends_at:
        return "lapsed" if claim.visited_at else "expired"
    if claim.state != "live":
        return str(claim.state)
    return "visited" if claim.visited_at else "renewed" if claim.renewed_at else "live"
