"""Who is expected on a day, by the plans of the live claims, and who of them has come."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, select

from worker.rules.deadlines import DAY
from worker.rules.model import Claim, Visit
from worker.rules.plans import Plan, coming_of, expected_on, plan_with
from worker.store.database import reading
from worker.store.schema import cursors
from worker.store.working_set import load_planned, open_state


@dataclass(frozen=True, slots=True)
class ExpectedClient:
    """A client who is expected; `form`: the one by which he has come, None while he has not."""

    claim: Claim
    plan: Plan
    form: Visit | None


def expected_at(engine: Engine, site_id: int, day: date) -> list[ExpectedClient]:
    """Return whom a site expects on a day, in the order of their times."""
    with reading(engine).connect() as connection:
        site = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
        state = open_state(connection, site_id, site)
        # Who is expected at the weekend has its Saturday for his day.
        load_planned(connection, site_id, state, (day, day - DAY))
    found = ((claim, plan_with(claim)) for claim in expected_on(state, day))
    return [ExpectedClient(claim, plan, coming_of(state, claim)) for claim, plan in found if plan is not None]
