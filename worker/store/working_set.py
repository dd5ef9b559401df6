"""The working set of a batch, read from the tables: what its messages mention, and all that belongs to that.

From the clients and numbers that the texts name it goes on to their relatives' and rivals' claims, and from claims to
their visit forms, deals and disputes; never to the whole site, so its cost does not grow with the register.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, or_, select

from worker.rules.client import Phone7
from worker.rules.deadlines import DAY, at_hour
from worker.rules.figures import days_of_week
from worker.rules.forms import claims_named
from worker.rules.identity import NameForm, name_form
from worker.rules.model import (
    WALK_IN,
    Alias,
    Claim,
    Deadline,
    Deal,
    Dispute,
    Kin,
    Listed,
    Sender,
    Site,
    Unit,
    Visit,
)
from worker.rules.needs import Needs
from worker.rules.state import State
from worker.rules.states import COUNTED, WAITING, Flag
from worker.store.facts import SOME, FactQuery, ask, ask_of, fact_query, parts_of
from worker.store.schema import aliases, claims, deadlines, deals, disputes, kin, roster, senders, visits

Columns = tuple[Column[str], Column[str]]
OTHER: Columns = (kin.c.other_first3, kin.c.other_last4)


def on_phones7(first3: Column[str], last4: Column[str], phones7: Iterable[Phone7]) -> ColumnElement[bool]:
    """Return the condition that two columns hold one of these phones.

    SQLite finds no index for a list of pairs; here the last four digits find the rows, and the rest only chooses.
    """
    pairs = list(phones7)
    return last4.in_([last for _, last in pairs]) & (first3 + last4).in_([first + last for first, last in pairs])


def _at(kind: type[Any], first3: Column[str], last4: Column[str]) -> FactQuery:
    return fact_query(kind, last4.in_(bindparam("ends", expanding=True)), (first3 + last4).in_(SOME))


STANDING = or_(claims.c.ends_at >= bindparam("since"), claims.c.deal_at.is_not(None))
KNOWN_AS = select(aliases.c.number).where(aliases.c.site_id == claims.c.site_id, aliases.c.last4.in_(SOME))
UNITS = fact_query(Unit)
# Both values of `done` are named so that the index on it serves.
GATHERING = fact_query(
    Deadline,
    deadlines.c.kind.in_(COUNTED),
    deadlines.c.at > bindparam("since"),
    deadlines.c.done.in_((False, True)),
)
REMEMBERED = fact_query(Sender, senders.c.phone.in_(SOME))
LISTED = fact_query(Listed, roster.c.phone.in_(SOME))
LISTED_OF = fact_query(Listed, roster.c.unit.in_(SOME))
LISTED_AS = fact_query(Listed, roster.c.name_key.in_(SOME))
CLAIMS = fact_query(Claim, claims.c.number.in_(SOME))
CLAIMS_SENT = fact_query(Claim, claims.c.sender.in_(SOME), claims.c.reported_at >= bindparam("since"))
CLAIMS_ENDING = fact_query(Claim, claims.c.last4.in_(SOME), STANDING)
CLAIMS_ALSO_ENDING = fact_query(Claim, claims.c.number.in_(KNOWN_AS), STANDING)
CLAIMS_LIVE = tuple(
    fact_query(Claim, column.in_(SOME), claims.c.ends_at >= bindparam("since"))
    for column in (claims.c.sender, claims.c.agent_phone)
)
CLAIMS_REPORTED = fact_query(Claim, claims.c.ends_at >= bindparam("since"), claims.c.reported_at >= bindparam("since"))
CLAIMS_PLANNED = fact_query(Claim, claims.c.planned_day.in_(SOME))
CLAIMS_AT = _at(Claim, claims.c.first3, claims.c.last4)
ALIASES_AT = _at(Alias, aliases.c.first3, aliases.c.last4)
ALIASES_OF = fact_query(Alias, aliases.c.number.in_(SOME))
# A query for each side: SQLite takes no index for an OR of them.
KIN_AT = (_at(Kin, kin.c.first3, kin.c.last4), _at(Kin, *OTHER))
VISITS = fact_query(Visit, visits.c.number.in_(SOME))
VISITS_UNDER = fact_query(Visit, visits.c.claim.in_(SOME))
VISITS_ON = fact_query(Visit, visits.c.day.in_(SOME))
VISITS_WAITING = fact_query(Visit, visits.c.day.in_(SOME), visits.c.state.in_(WAITING))
DEALS = fact_query(Deal, deals.c.number.in_(SOME))
DEALS_MADE = fact_query(Deal, deals.c.at >= bindparam("since"))
DISPUTES = fact_query(Dispute, disputes.c.number.in_(SOME))
DISPUTES_ABOUT = fact_query(Dispute, disputes.c.claim.in_(SOME))


def open_state(connection: Connection, site_id: int, site: dict[str, Any]) -> State:
    """Return a state with the site and all its units."""
    state = State(Site.from_json(site))
    state.load(ask(connection, site_id, UNITS))
    return state


def load_gathering(connection: Connection, site_id: int, state: State, since: datetime) -> None:
    """Take in the digests that still gather at `since`: those of a later instant, whether or not they were told.

    A digest that another machine's clock told too early goes on counting, so that recomputing gives the same.
    """
    state.load(ask(connection, site_id, GATHERING, since=since))


def load_senders(connection: Connection, site_id: int, state: State, phones: set[str]) -> None:
    """Take in what is remembered of these phones, their lines of the roster, and those of their units' people."""
    state.load(ask_of(connection, site_id, REMEMBERED, phones))
    listed = ask_of(connection, site_id, LISTED, phones)
    state.load(listed)
    load_units_people(connection, site_id, state, {entry.unit for entry in listed})


def load_units_people(connection: Connection, site_id: int, state: State, names: set[str]) -> None:
    """Take in the roster of these units."""
    state.load(ask_of(connection, site_id, LISTED_OF, names))


def load_needs(connection: Connection, site_id: int, state: State, needs: Needs) -> None:
    """Take in everything that a batch mentions, and all that belongs to it."""
    load_units_people(connection, site_id, state, needs.units)
    load_senders(connection, site_id, state, needs.phones)
    state.load(ask_of(connection, site_id, LISTED_AS, needs.names))
    _load_forms(connection, site_id, state, needs)
    named = {number for visit in state.visits.values() for number in claims_named(visit)}
    named |= {dispute.claim for dispute in state.disputes.values()}
    # What senders have reported within the window for amending (L23), by the policy of the batch.
    amendable = needs.since - timedelta(minutes=state.policy.amend_minutes)
    recent = ask_of(connection, site_id, CLAIMS_SENT, needs.recent, since=amendable)
    state.load(recent)
    # A name that its sender may say is his own must be no client's (L21).
    asked = {name_form(claim.agent) for claim in recent if Flag.ASKED in claim.flags}
    _load_misread(connection, site_id, state, needs.arriving | asked, needs)
    load_claims(connection, site_id, state, needs.numbers | named - {0})
    for ending in (CLAIMS_ENDING, CLAIMS_ALSO_ENDING):
        state.load(ask_of(connection, site_id, ending, needs.last4, since=needs.since))
    # What senders hold of whom nothing else tells whether they are known (E16), and who may leave (L17).
    load_own(connection, site_id, state, needs.strangers | (needs.relisted & set(state.roster)), needs.since)
    known = {claim.phone7 for claim in state.claims.values()}
    load_clients(connection, site_id, state, needs.phones7 | known)
    load_belongings(connection, site_id, state, set(state.claims))
    if needs.people:
        phones = {phone for claim in state.claims.values() for phone in claim.own_phones} - {""}
        state.load(ask_of(connection, site_id, LISTED, phones - set(state.roster)))
        load_units_people(connection, site_id, state, {claim.unit for claim in state.claims.values()} - {WALK_IN})
    _load_concerned(connection, site_id, state)
    if needs.figures:
        _load_week(connection, site_id, state, needs.since)


def load_own(connection: Connection, site_id: int, state: State, phones: set[str], since: datetime) -> None:
    """Take in the claims of these phones that end at `since` or later."""
    for of_them in CLAIMS_LIVE:
        state.load(ask_of(connection, site_id, of_them, phones, since=since))


def _load_week(connection: Connection, site_id: int, state: State, now: datetime) -> None:
    """Take in the week's claims, forms and deals (L16): what is live or ended in it, however large the register."""
    days = days_of_week(state.day(now))
    since = at_hour(state, days[0], time())
    for made in (CLAIMS_REPORTED, DEALS_MADE):
        state.load(ask(connection, site_id, made, since=since))
    # A batch may reach into the next day.
    state.load(ask_of(connection, site_id, VISITS_ON, [*days, days[-1] + DAY]))


def load_subjects(connection: Connection, site_id: int, state: State, subjects: set[str], now: datetime) -> None:
    """Take in what deadlines are about (R1024, V2031, D12) and all that belongs to it."""
    needs = Needs(since=now)
    needs.refer(subject for subject in subjects if subject[:1] in ("R", "V", "D"))
    load_needs(connection, site_id, state, needs)


def load_planned(connection: Connection, site_id: int, state: State, days: Iterable[date]) -> None:
    """Take in the claims whose clients are expected on these days, and the forms that tell who has come."""
    wanted = list(days)
    # A form under one claim may have the clients of others on it (C6); these come on the day.
    state.load(ask_of(connection, site_id, VISITS_ON, wanted))
    expected = ask_of(connection, site_id, CLAIMS_PLANNED, wanted)
    state.load(expected)
    load_belongings(connection, site_id, state, {claim.number for claim in expected})


def load_claims(connection: Connection, site_id: int, state: State, numbers: set[int]) -> None:
    """Take in these claims."""
    state.load(ask_of(connection, site_id, CLAIMS, numbers))


def load_client(connection: Connection, site_id: int, state: State, phone7: Phone7) -> None:
    """Take in all that tells whose a client is: his claims, rivals and relatives, and what belongs to these."""
    load_clients(connection, site_id, state, {phone7})
    load_belongings(connection, site_id, state, set(state.claims))


def load_belongings(connection: Connection, site_id: int, state: State, numbers: set[int]) -> None:
    """Take in the visit forms, deals and disputes of these claims."""
    first_visits = {state.claims[number].visit for number in numbers if number in state.claims} - {0}
    for about in (VISITS_UNDER, DEALS, DISPUTES_ABOUT):
        state.load(ask_of(connection, site_id, about, numbers))
    state.load(ask_of(connection, site_id, VISITS, first_visits - set(state.visits)))


def _load_forms(connection: Connection, site_id: int, state: State, needs: Needs) -> None:
    """Take in the visit forms and disputes that are named, and the forms that wait on a day."""
    state.load(ask_of(connection, site_id, VISITS, needs.visits))
    state.load(ask_of(connection, site_id, DISPUTES, needs.disputes))
    state.load(ask_of(connection, site_id, VISITS_WAITING, needs.days))


def _load_misread(connection: Connection, site_id: int, state: State, arriving: set[NameForm], needs: Needs) -> None:
    """Take in the live claims on so called clients of every unit on hand, when somebody arrives (B25)."""
    called: list[ColumnElement[bool]] = []
    for form in arriving:
        # What a name's key in the table can be when it agrees: the same, a bare surname, or one that has it.
        called.append(claims.c.name_key.in_((form.key, *form.surnames)))
        for surname in form.surnames if form.bare else ():
            called.append(claims.c.name_key.startswith(surname, autoescape=True))
            called.append(claims.c.name_key.endswith(surname, autoescape=True))
    units = {entry.unit for entry in state.roster.values()} | needs.units
    if called:
        live = claims.c.ends_at >= bindparam("since")
        misread = fact_query(Claim, claims.c.unit.in_(SOME), live, or_(*called))
        state.load(ask_of(connection, site_id, misread, units, since=needs.since))


def _load_concerned(connection: Connection, site_id: int, state: State) -> None:
    """Take in what is remembered of those who may be told of something: if they want to be, and how often (D13, L11).

    A colleague who is named for the first time has no claim yet, and is on the roster.
    """
    phones = {phone for claim in state.claims.values() for phone in (claim.agent_phone, claim.sender)}
    parties = [party for dispute in state.disputes.values() for party in dispute.parties]
    load_units_people(connection, site_id, state, {party.unit for party in parties} - {WALK_IN})
    phones |= {phone for visit in state.visits.values() for phone in (visit.agent_phone, visit.opener)}
    phones |= {party.phone for party in parties}
    _load_remembered(connection, site_id, state, phones)
    # Of a client of somebody who wants no notices others of his unit may be told (L8).
    silent = {claim.unit for claim in state.claims.values() if state.is_silent(claim.to_tell)}
    if silent:
        load_units_people(connection, site_id, state, silent)
        _load_remembered(connection, site_id, state, set())


def _load_remembered(connection: Connection, site_id: int, state: State, phones: set[str]) -> None:
    """Take in what is remembered of these phones, of staff, and of whoever of the roster is on hand."""
    unknown = {*phones, *state.site.staff, *state.roster} - {"", *state.senders}
    state.load(ask_of(connection, site_id, REMEMBERED, unknown))


def load_clients(connection: Connection, site_id: int, state: State, phones7: set[Phone7]) -> None:
    """Take in every claim on these phones, on further numbers of their clients, and on relatives', however far."""
    seen: set[Phone7] = set()
    while fresh := phones7 - seen:
        seen |= fresh
        links, known_as, found = [], [], []
        for some in parts_of(sorted(fresh)):
            told = {"ends": {last4 for _, last4 in some}}
            whole = [first3 + last4 for first3, last4 in some]
            links += [link for side in KIN_AT for link in ask_of(connection, site_id, side, whole, **told)]
            known_as += ask_of(connection, site_id, ALIASES_AT, whole, **told)
            found += ask_of(connection, site_id, CLAIMS_AT, whole, **told)
        state.load(links)
        state.load(found)
        known_as += ask_of(connection, site_id, ALIASES_OF, {claim.number for claim in found})
        state.load(known_as)
        load_claims(connection, site_id, state, {alias.number for alias in known_as} - set(state.claims))
        phones7 = {phone7 for link in links for phone7 in (link.phone7, (link.other_first3, link.other_last4))}
        phones7 |= {alias.phone7 for alias in known_as}
        phones7 |= {(state.claims[alias.number].first3, state.claims[alias.number].last4) for alias in known_as}
