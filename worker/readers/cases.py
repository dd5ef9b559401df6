"""The case of one client, read from a register: the site's own, or one that was computed up to a past moment."""

from datetime import datetime

from sqlalchemy import Connection, select

from worker.rules.client import Client, Phone7
from worker.rules.forwards import origin_of
from worker.rules.identity import names_agree
from worker.rules.model import FollowUp, Forward, ReportRow
from worker.rules.state import State
from worker.rules.story import Case, case_of
from worker.store.facts import load
from worker.store.schema import claims, cursors, follow_ups, forwards, inbox, reports, sites
from worker.store.working_set import load_client, on_phones7, open_state


def client_of(connection: Connection, site_id: int, number: int) -> Client | None:
    """Return the client of a registration, None when there is none of this number."""
    columns = (claims.c.client, claims.c.first3, claims.c.last4)
    mine = (claims.c.site_id == site_id) & (claims.c.number == number)
    row = connection.execute(select(*columns).where(mine)).first()
    return None if row is None else Client(*row)


def present_of(connection: Connection, site_id: int, now: datetime) -> datetime:
    """Return the present, or the last receipt where the line is ahead of our clock: what it decided has happened."""
    last: datetime = connection.execute(select(sites.c.last_received_at).where(sites.c.id == site_id)).scalar_one()
    return max(now, last)


def read_case(connection: Connection, site_id: int, client: Client, at: datetime) -> Case:
    """Return a client's case at a moment, by the line as far as this database has decided it."""
    site = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one()
    state = open_state(connection, site_id, site)
    load_client(connection, site_id, state, client.phone7)
    known = [claim for claim in state.claims_at(client.phone7) if names_agree(claim.client, client.name)]
    true = [(claim.first3, claim.last4) for claim in known]
    if true and client.phone7 not in true:
        # He is asked about under a number that was corrected (R25).
        client = Client(client.name, *true[-1])
    state.load(load(connection, site_id, FollowUp, follow_ups.c.number.in_(state.claims)))

    phones = phones_of(state, client)
    columns = [reports.c[name] for name in ReportRow.__dataclass_fields__]
    mine = (reports.c.site_id == site_id) & on_phones7(reports.c.first3, reports.c.last4, phones)
    found = connection.execute(select(*columns).where(mine).order_by(reports.c.seq, reports.c.part))
    on_phones = [ReportRow(*row) for row in found]
    # Of the reports on a corrected number only his own.
    rows = [r for r in on_phones if (r.first3, r.last4) == phones[0] or names_agree(r.client, client.name)]
    places = {row.seq for row in rows}
    state.load(load(connection, site_id, Forward, forwards.c.seq.in_(places)))
    # From which site, place and receipt the texts came that were forwarded here.
    forwarded = inbox.c.seq.in_(places) & inbox.c.provider_id.like("forward:%")
    texts = select(inbox.c.seq, inbox.c.payload, inbox.c.sent_at).where(inbox.c.site_id == site_id, forwarded)
    came = ((row, origin_of(row.payload)) for row in connection.execute(texts).all())
    origins = {row.seq: {"site": o["site"], "seq": o["seq"], "first": row.sent_at} for row, o in came if o is not None}
    return case_of(state, client, at, rows, origins)


def phones_of(state: State, client: Client) -> list[Phone7]:
    """Return every number that a client was reported under: his own first, then those that were corrected (R25)."""
    known = [claim for claim in state.claims_at(client.phone7) if names_agree(claim.client, client.name)]
    old = [(alias.first3, alias.last4) for claim in known for alias in state.aliases_of(claim.number)]
    return list(dict.fromkeys([(client.first3, client.last4), *((c.first3, c.last4) for c in known), *old]))
