"""One client: everything that was reported and happened of him, and whose he is, or was at a moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, select

from worker.readers.cases import phones_of, read_case
from worker.readers.desk import Arrival, arrival_of, texted_places
from worker.readers.register import RegisterRow, reports_on_phones
from worker.rules.attribution import Answer, attribute
from worker.rules.client import Client, mask_of
from worker.rules.identity import names_agree
from worker.rules.model import Claim, Deal, Dispute, Kin, Listed
from worker.rules.story import Case
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import aliases, claims, reports, roster


@dataclass(frozen=True, slots=True)
class ClientPage:
    """A client by name and phone7; `answer` says whose he is at the moment asked for (判客), `case` what happened.

    `reports` are those under a name that agrees with his, the newest first; `others` are other people's on his number.
    `known_as` are the numbers that he was reported under before they were corrected (R25).
    """

    name: str
    first3: str
    last4: str
    known_as: tuple[str, ...]
    case: Case
    answer: Answer
    reports: tuple[RegisterRow, ...]
    others: tuple[RegisterRow, ...]
    visits: tuple[Arrival, ...]
    deals: tuple[Deal, ...]
    disputes: tuple[Dispute, ...]
    kin: tuple[Kin, ...]
    claims: tuple[Claim, ...]
    colleagues: tuple[Listed, ...]
    """who of the unit that has him is on the roster today, besides his agent: to whom he may be given (L16)"""

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
        client = _client_of(connection, site_id, report)
        case = read_case(connection, site_id, client, now)
        texts = texted_places(connection, site_id, case.state.visits.values())
        unit = attribute(case.state, client, at).unit
        listed = load(connection, site_id, Listed, roster.c.unit == unit) if unit else []
    state, phones = case.state, phones_of(case.state, client)
    claim = state.claims.get(report.number) if report.number is not None else None
    names = claim.names if claim is not None and claim.client == client.name else (client.name,)
    on_phones = reports_on_phones(engine, site_id, phones, now)
    newest_forms = sorted(state.visits.values(), key=lambda form: form.number, reverse=True)
    own = tuple(row for row in on_phones if any(names_agree(row.client, name) for name in names))
    answer = attribute(state, Client(client.name, *phones[0]), at)
    agents = [held.to_tell] if (held := state.claims.get(answer.claim)) is not None else []
    return ClientPage(
        client.name,
        *phones[0],
        known_as=tuple(mask_of(*phone7) for phone7 in phones[1:]),
        case=case,
        answer=answer,
        reports=own,
        others=tuple(row for row in on_phones if row not in own),
        visits=tuple(arrival_of(form, state.claims.get(form.claim), state.day(now), texts) for form in newest_forms),
        deals=tuple(state.deals.values()),
        disputes=tuple(state.disputes.values()),
        kin=tuple(state.kin.values()),
        colleagues=tuple(
            person
            for person in sorted(listed, key=lambda person: (person.name, person.phone))
            if person.on(state.day(now)) and person.phone not in agents
        ),
        claims=tuple(c for c in state.claims.values() if any(names_agree(c.client, name) for name in names)),
    )


def _client_of(connection: Connection, site_id: int, report: Row[tuple[object, ...]]) -> Client:
    """Return whom a report is about: as the registration that it won or met has him by now, if it is his number."""
    columns = (claims.c.client, claims.c.first3, claims.c.last4)
    its = (claims.c.site_id == site_id) & (claims.c.number == report.number)
    claim = connection.execute(select(*columns).where(its)).first() if report.number is not None else None
    phone7 = (report.first3, report.last4)
    if claim is None:
        return Client(report.client, *phone7)
    old = (aliases.c.site_id == site_id) & (aliases.c.number == report.number)
    known_as = [tuple(row) for row in connection.execute(select(aliases.c.first3, aliases.c.last4).where(old))]
    return Client(*claim) if phone7 in ((claim.first3, claim.last4), *known_as) else Client(claim.client, *phone7)
