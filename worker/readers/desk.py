"""What the front desk looks at: a day's arrivals with their forms, and the live claims that somebody at it may mean."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, select

from worker.readers.conditions import living, named_in, said_in, with_references
from worker.readers.search import EVERYTHING, Search
from worker.rules.forms import missing, waits
from worker.rules.model import Claim, Site, Visit
from worker.rules.states import CLOSED, LASTING, Flag, FormKind, FormState, Signer
from worker.store.database import reading
from worker.store.facts import load
from worker.store.schema import claims, cursors, inbox, users, visits
from worker.store.types import EPOCH

MOST_FOUND, MOST_OVER = 12, 4
LATELY = timedelta(days=7)
MOST_ARRIVALS = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visit form as it stands: confirmed, denied, walkin, asked (service), mismatch, open, void, or moot (its claim
    was given up). `missing`: whose signatures it still waits for; `flags` are those of its claim."""

    form: Visit
    status: str
    missing: tuple[Signer, ...]
    flags: tuple[Flag, ...]
    claim: Claim | None = None
    """the claim that it is a visit under, with what was reported"""
    texted: frozenset[Signer] = frozenset()
    """parties whose signatures came by text, from a number that may be forged (L7)"""

    @property
    def waits(self) -> bool:
        """Whether it may still be signed."""
        return self.status in ("asked", "mismatch", "open")


def arrivals_on(engine: Engine, site_id: int, day: date, today: date) -> list[Arrival]:
    """Return a day's arrivals as they stand on the site's day `today`, the latest first."""
    with reading(engine).connect() as connection:
        forms = load(connection, site_id, Visit, visits.c.day == day)
        known = _claims_of(connection, site_id, forms)
        texts = texted_places(connection, site_id, forms)
    latest = sorted(forms, key=lambda form: (form.arrived_at, form.number), reverse=True)[:MOST_ARRIVALS]
    return [arrival_of(form, known.get(form.claim), today, texts) for form in latest]


def arrival(engine: Engine, site_id: int, number: int, today: date) -> Arrival | None:
    """Return one visit form as it stands, None when there is none of this number."""
    with reading(engine).connect() as connection:
        forms = load(connection, site_id, Visit, visits.c.number == number)
        known = _claims_of(connection, site_id, forms)
        texts = texted_places(connection, site_id, forms)
    return arrival_of(forms[0], known.get(forms[0].claim), today, texts) if forms else None


def arrival_of(form: Visit, claim: Claim | None, today: date, texts: Collection[int] = ()) -> Arrival:
    """Return how a form stands on the site's day `today`; `texts` are the places of signatures that were texted."""
    if form.kind == FormKind.WALK_IN:
        status = "walkin"
    elif form.state in CLOSED:
        status = form.state
    elif not waits(form, today):
        status = "void"
    elif claim is not None and claim.ended_at is not None:
        status = "moot"
    elif form.state == FormState.ASKED:
        status = "asked"
    else:
        status = "mismatch" if form.mismatch and not form.cured else "open"
    lacking = missing(form) if status in ("asked", "mismatch", "open", "void") else ()
    texted = frozenset(party for party, signature in form.signatures.items() if signature.seq in texts)
    return Arrival(form, status, lacking, claim.flags if claim is not None else (), claim, texted)


def texted_places(connection: Connection, site_id: int, forms: Iterable[Visit]) -> set[int]:
    """Return the places of those signatures on these forms that came by text (L7)."""
    places = {signature.seq for form in forms for signature in form.signatures.values()}
    texted = select(inbox.c.seq).where(inbox.c.site_id == site_id, inbox.c.kind == "text", inbox.c.seq.in_(places))
    return set(connection.execute(texted).scalars())


def _claims_of(connection: Connection, site_id: int, forms: Iterable[Visit]) -> dict[int, Claim]:
    numbers = {form.claim for form in forms} - {0}
    found: list[Claim] = load(connection, site_id, Claim, claims.c.number.in_(numbers)) if numbers else []
    return {claim.number: claim for claim in found}


@dataclass(frozen=True, slots=True)
class FoundClaims:
    """Claims that are looked for: those that live, the newest first; and those whose end is past, the last first."""

    live: tuple[Claim, ...] = ()
    over: tuple[Claim, ...] = ()
    more: bool = False
    """there are more that live"""


def claims_found(engine: Engine, site_id: int, search: Search, now: datetime) -> FoundClaims:
    """Return up to twelve live claims that are looked for by number, phone, form, client or agent, and four of those
    that expired: of words alone, those of the last week. Whom a live claim holds is not told to be over."""
    if search == EVERYTHING:
        return FoundClaims()
    with reading(engine).connect() as connection:
        search = with_references(connection, [site_id], search)
        # A single character is of a client: agents who are called 李 have too many.
        of_client = [claims.c.client.contains(word, autoescape=True) for word in search.words if len(word) == 1]
        said = said_in(replace(search, words=tuple(word for word in search.words if len(word) > 1)), claims)
        looked_for = [claims.c.site_id == site_id, *named_in(search, claims), *of_client, *said]
        found = _last_ending(connection, site_id, MOST_FOUND + 1, *looked_for, *living(now))
        past = claims.c.state.in_(LASTING), claims.c.ended_at.is_(None), claims.c.deal_at.is_(None)
        since = now - LATELY if not named_in(search, claims) else EPOCH
        over = _last_ending(
            connection, site_id, MOST_OVER, *looked_for, *past, claims.c.ends_at <= now, claims.c.ends_at > since
        )
    held = {claim.phone7 for claim in found}
    newest = sorted(found[:MOST_FOUND], key=lambda claim: claim.reported_at, reverse=True)
    left = tuple(claim for claim in over if claim.phone7 not in held)
    return FoundClaims(tuple(newest), left, len(found) > MOST_FOUND)


def _last_ending(connection: Connection, site_id: int, most: int, *which: ColumnElement[bool]) -> list[Claim]:
    by_end = claims.c.ends_at.desc(), claims.c.number.desc()
    numbers = connection.execute(select(claims.c.number).where(*which).order_by(*by_end).limit(most)).scalars().all()
    found: list[Claim] = load(connection, site_id, Claim, claims.c.number.in_(numbers)) if numbers else []
    return sorted(found, key=lambda claim: (claim.ends_at, claim.number), reverse=True)


def claim_numbered(engine: Engine, site_id: int, number: int) -> Claim | None:
    """Return a claim by its number."""
    with reading(engine).connect() as connection:
        found: list[Claim] = load(connection, site_id, Claim, claims.c.number == number)
    return found[0] if found else None


def names_of_phones(engine: Engine, phones: Iterable[str], site_id: int) -> dict[str, str]:
    """Return what the owners of these phones are called at a site: their names as its staff, else their logins."""
    wanted = set(phones)
    query = select(users.c.phone, users.c.name).where(users.c.removed_at.is_(None), users.c.phone.in_(wanted))
    with reading(engine).connect() as connection:
        logins = {row.phone: row.name for row in connection.execute(query)}
        state = connection.execute(select(cursors.c.state).where(cursors.c.site_id == site_id)).scalar_one_or_none()
    named = Site.from_json(state or {}).names
    return logins | {phone: named[phone] for phone in wanted & named.keys()}
