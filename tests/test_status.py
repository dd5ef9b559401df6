"""How a claim stands is one table, and the value and the SQL that are made from it say the same."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select

from worker.readers.conditions import status_at
from worker.rules.model import Claim, fields_of
from worker.rules.states import ClaimState
from worker.rules.status import status_of
from worker.store.schema import claims, reports, sites

NOW = datetime(2026, 11, 9, 4, tzinfo=UTC)
MOMENTS = st.sampled_from([NOW - timedelta(microseconds=1), NOW, NOW + timedelta(microseconds=1)])
MAYBE = st.none() | MOMENTS


@st.composite
def some_claims(draw: st.DrawFn) -> list[Claim]:
    """Draw claims whose times lie about an instant."""
    return [_claim(draw, number) for number in range(1, draw(st.integers(2, 30)))]


def _claim(draw: st.DrawFn, number: int) -> Claim:
    return Claim(
        *(number, number, 0, "张三", "张三", "138", "5678", "链家", "李四", "", ""),
        reported_at=NOW - timedelta(days=7),
        ends_at=draw(MOMENTS),
        state=draw(st.sampled_from(list(ClaimState))),
        visited_at=draw(MAYBE),
        renewed_at=draw(MAYBE),
        deal_at=draw(MAYBE),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(some_claims())
def test_value_and_sql_say_the_same(engine: Engine, drawn: list[Claim]) -> None:
    with engine.connect() as connection:
        connection.execute(delete(sites))
        connection.execute(insert(sites).values(id=1, name="湾", number="+86", gateway="sandbox"))
        for claim in drawn:
            connection.execute(insert(claims).values(site_id=1, **fields_of(claim)))
            row = {name: getattr(claim, name) for name in ("number", "seq", "part", "client", "first3", "last4")}
            said = {"code": "accepted", "rules": [], "unit": "链家", "agent": "李四", "sender": ""}
            connection.execute(insert(reports).values(site_id=1, received_at=NOW, **row, **said))
        met = (claims.c.site_id == reports.c.site_id) & (claims.c.number == reports.c.number)
        query = select(claims.c.number, status_at(NOW)).select_from(reports.outerjoin(claims, met))
        found = {number: str(status) for number, status in connection.execute(query)}
        connection.rollback()
    assert found == {claim.number: status_of(claim, NOW) for claim in drawn}
