"""One client: everything that was reported and happened of him, and whose he is, or was at a moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from worker.readers.desk import Arrival, arrival_of
from worker.readers.register import RegisterRow, reports_on_phone
from worker.rules.attribution import Answer, attribute
from worker.rules.client import Client, mask_of
from worker.rules.identity import names_agree
from worker.rules.model import Claim, Deal, Dispute, FollowUp, Kin
from worker.rules.state import State
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import cursors, follow_ups, reports
from worker.store.working_set import load_client, open_state


@dataclass(frozen=True, slots=True)
class ClientPage:
    """A client by name and phone7; `answer` says whose he is at the moment asked for (判客).

    `reports` are those under a name that agrees with his, the newest first; `others` are other people's on his number.
    """

    name: str
    first3: str
    last4: str
    answer: Answer
    reports: tuple[RegisterRow, ...]
    others: tuple[RegisterRow, ...]
    follow_ups: tuple[FollowUp, ...]
    visits: tuple[Arrival, ...]
    deals: tuple[Deal, ...]
    disputes: tuple[Dispute, ...]
    kin: tuple[Kin, ...]
    claims: tuple[Claim, ...]

    @property
    def mask(self) -> str:
        """Return the phone as people write it."""
        return mask_of(self.first3, self.last4)


def client_page(engine: Engine, site_id: int, seq: int, part: int, at: datetime, now: datetime) -> ClientPage | None:
    """Return the client of a report, his answer at `at` and all else as at `now`; None when there is no such report."""
    with reading(engine).connect() as connection:
        mine = reports.c.site_id == site_id, reports.c.seq == seq, reports.c.part == part
        columns = (reports.c[name] for name in ("client", "first3", "last4", "number"))
        report = connection.execute(select(*columns).where(*mine)).first()
        if report is None:
            return None
        phone7 = (report.first3, report.last4)
        state = _state_of(connection, site_id, phone7)
        claim = state.claims.get(report.number) if report.number is not None else None
        name, names = (claim.client, claim.names) if claim is not None else (report.client, (report.client,))
        contacts = load(connection, site_id, FollowUp, follow_ups.c.number.in_(state.claims))
    on_phone = reports_on_phone(engine, site_id, report.first3, report.last4, now)
    own = tuple(row for row in on_phone if any(names_agree(row.client, name) for name in names))
    return ClientPage(
        name,
        *phone7,
        answer=attribute(state, Client(name, *phone7), at),
        reports=own,
        others=tuple(row for row in on_phone if row not in own),
        follow_ups=tuple(contacts),
        visits=_arrivals(state, now),
        deals=tuple(state.deals.values()),
        disputes=tuple(state.disputes.values()),
        kin=tuple(state.kin.values()),
        claims=tuple(c for c in state.claims.values() if any(names_agree(c.client, name) for name in names)),
    )


def _arrivals(state: State, now: datetime) -> tuple[Arrival, ...]:
    """Return the visit forms as they stand at `now`, the newest first."""
    forms = sorted(state.visits.values(), key=lambda form: form.number, reverse=True)
    return tuple(arrival_of(form, state.claims.get(form.claim), state.day(now)) for form in forms)


def _state_of(connection: Connection, site_id: int, phone7: tuple[str, str]) -> State:
    site = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
    state = open_state(connection, site_id, site)
    load_client(connection, site_id, state, phone7)
    return state
