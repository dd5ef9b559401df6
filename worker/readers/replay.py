"""Which messages of a line belong to one client's case: what is exported when somebody says “play it to me” (K8).

Whose a client is may turn on his relatives (R23) and on the numbers of a correction (R25), so all that concerns these
belongs to his case as well.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from parsers.keywords import CONFIRMS
from parsers.message import Meaning, clients_named, refs_named
from parsers.numbers import region_of
from parsers.parse import parse
from parsers.silence import DECLINES
from worker.readers.undecidable import undecidable_places
from worker.rules.act_code import code_of, key_of
from worker.rules.codes import Code
from worker.rules.form_payload import payload_meaning
from worker.rules.model import Claim, Dispute, Visit
from worker.rules.state import State
from worker.rules.story import Case, story
from worker.store.causes import BY_MESSAGE, salt_of_cause
from worker.store.schema import decisions, inbox, replies, reports, roster
from worker.store.working_set import on_phones7

_OF_AN_ACT = re.compile(rf"\s*(?:{CONFIRMS.pattern}|{DECLINES.pattern})[\s。.!]*", re.IGNORECASE)
CODE_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Played:
    """A message with what it was answered; `code`: it is the confirmation code that its sender was last sent."""

    message: Row[Any]
    replies: tuple[Row[Any], ...]
    several: bool = False
    """it, or what it was answered, speaks of other clients as well"""
    code: bool = False
    undecidable: bool = False
    """it could not be decided, and did nothing (L26)"""
    alias: Mapping[str, Any] | None = None
    """what its answer says if all that it does for the case is to give an agent of the roster one more name (L21)"""


@dataclass(slots=True)
class _Found:
    """Places of the messages that belong to the case, of those that are confirmation codes, and of those that only
    taught the line what an agent is also called, each with what it was answered."""

    seqs: set[int] = field(default_factory=set)
    codes: set[int] = field(default_factory=set)
    aliases: dict[int, Mapping[str, Any]] = field(default_factory=dict)


def played(connection: Connection, site_id: int, case: Case) -> list[Played]:
    """Return a client's messages in line order: reports on his numbers, what names or concerns the claims, codes."""
    found, lost = _Found(), undecidable_places(connection, site_id)
    here = reports.c.site_id == site_id
    on_his_numbers = on_phones7(reports.c.first3, reports.c.last4, sorted(case.phones7))
    found.seqs |= set(connection.execute(select(reports.c.seq).where(here, on_his_numbers)).scalars())
    by_ref = (replies.c.site_id == site_id) & replies.c.ref.in_(_all_refs(case.state)) & (BY_MESSAGE > 0)
    found.seqs |= set(connection.execute(select(BY_MESSAGE).where(by_ref)).scalars())
    found.seqs |= set(_naming(connection, site_id, case, lost))
    found.seqs |= set(_told(case))
    found.seqs |= _consents(connection, site_id, case)
    _add_codes(connection, site_id, found)
    found.aliases |= _aliases_before(connection, site_id, found.seqs)

    # Messages that speak of other clients as well, by themselves or in what they were answered.
    of_others = select(reports.c.seq).where(here, reports.c.seq.in_(found.seqs), ~on_his_numbers)
    several = set(connection.execute(of_others).scalars())
    said: dict[int, list[Row[Any]]] = {}
    mine = (replies.c.site_id == site_id) & BY_MESSAGE.in_(found.seqs)
    for reply in connection.execute(select(replies, BY_MESSAGE.label("seq")).where(mine).order_by(replies.c.id)):
        said.setdefault(reply.seq, []).append(reply)
        acts_on = reply.params.get("named", ())
        if "parts" in reply.params or len(acts_on) > 1 or reply.code in (Code.REFUSED_AMBIGUOUS, Code.SIGN_LIST):
            several.add(reply.seq)

    seqs = found.seqs | found.aliases.keys()
    set_up = inbox.c.kind.not_in(("text", "form")) & (inbox.c.seq <= max(seqs, default=0))
    wanted = select(inbox).where(inbox.c.site_id == site_id, or_(set_up, inbox.c.seq.in_(seqs)))
    return [
        Played(
            row,
            tuple(said.get(row.seq, ())),
            several=row.seq in several,
            code=row.seq in found.codes,
            undecidable=row.seq in lost,
            alias=found.aliases.get(row.seq),
        )
        for row in connection.execute(wanted.order_by(inbox.c.seq))
    ]


def _consents(connection: Connection, site_id: int, case: Case) -> set[int]:
    """Return the places at which agents of the units in dispute stopped their notices or let them go on.

    What has a deadline against one who wants none goes to his unit's others (L8).
    """
    units = {party.unit for dispute in case.state.disputes.values() for party in dispute.parties}
    theirs = select(roster.c.phone).where(roster.c.site_id == site_id, roster.c.unit.in_(units))
    wished = and_(decisions.c.site_id == site_id, decisions.c.code.in_((Code.OPTED_OUT, Code.OPTED_IN)))
    text = and_(inbox.c.site_id == decisions.c.site_id, inbox.c.seq == decisions.c.seq)
    query = select(decisions.c.seq).select_from(decisions.join(inbox, text)).where(wished, inbox.c.sender.in_(theirs))
    return set(connection.execute(query).scalars()) if units else set()


def _told(case: Case) -> Iterator[int]:
    """Yield the places that the story of the case tells of, and those at which its facts came about."""
    yield from (item.place for item in story(case) if item.place)
    state = case.state
    for facts in (state.claims, state.aliases, state.follow_ups, state.visits, state.deals, state.disputes, state.kin):
        yield from (fact.seq for fact in facts.values())
    for visit in state.visits.values():
        yield from (signature.seq for signature in visit.signatures.values())


def refs_of(case: Case) -> list[str]:
    """Return the numbers of a case as people write them: its registrations, visit forms and disputes."""
    claims = [claim.number for claim in case.claims]
    forms = [visit.ref for number in claims for visit in case.state.visits_of(number)]
    disputes = [dispute.ref for number in claims for dispute in case.state.disputes_of(number)]
    return list(dict.fromkeys([*(claim.ref for claim in case.claims), *forms, *disputes]))


def _all_refs(state: State) -> list[str]:
    """Return the numbers of everything in a case, relatives' and rivals' as well."""
    kinds: tuple[Mapping[int, Claim | Visit | Dispute], ...] = (state.claims, state.visits, state.disputes)
    return list(dict.fromkeys(fact.ref for facts in kinds for fact in facts.values()))


def _naming(connection: Connection, site_id: int, case: Case, lost: set[int]) -> Iterator[int]:
    """Yield the places of texts that name him or his by mask, last four digits, or number; echoes say nothing.

    What could not be decided is not read, which may be what failed.
    """
    refs, last4 = set(_all_refs(case.state)), {last4 for _, last4 in case.phones7}
    written = [inbox.c.text.contains(word) for word in {*last4, *(ref[1:] for ref in refs)}]
    by_person = inbox.c.kind.in_(("text", "form")) & ~inbox.c.echo
    for row in connection.execute(select(inbox).where(inbox.c.site_id == site_id, by_person, or_(*written))):
        if row.seq in lost:
            if any(first3 in row.text and last in row.text for first3, last in case.phones7):
                yield row.seq
            continue
        meant: Meaning = payload_meaning(row.payload) or parse(row.text, region=region_of(case.state.site.number))
        masks = {(report.first3, report.last4) for report in clients_named(meant)}
        if case.phones7 & masks or (refs | last4) & set(refs_named(meant)):
            yield row.seq


def _add_codes(connection: Connection, site_id: int, found: _Found) -> None:
    """Add the six digits with which a command of the case was confirmed, or tried to be."""
    asked = (replies.c.site_id == site_id) & (replies.c.code == Code.CONFIRM_CODE)
    columns = (BY_MESSAGE.label("seq"), replies.c.recipient, salt_of_cause().label("salt"))
    asks = connection.execute(select(*columns).where(asked).order_by(BY_MESSAGE)).all()
    phones = {ask.recipient for ask in asks if ask.seq in found.seqs}
    short = (inbox.c.site_id == site_id) & inbox.c.sender.in_(phones) & (func.length(inbox.c.text) <= CODE_LONGEST)
    for row in connection.execute(select(inbox).where(short).order_by(inbox.c.seq)):
        digits = _OF_AN_ACT.fullmatch(row.text)
        last = next((a for a in reversed(asks) if a.recipient == row.sender and a.seq < row.seq), None)
        if digits is not None and last is not None and last.seq in found.seqs:
            found.seqs.add(row.seq)
            found.codes |= {row.seq} if code_of(key_of(last.salt)) == digits[1] else set()


def _aliases_before(connection: Connection, site_id: int, seqs: set[int]) -> dict[int, Mapping[str, Any]]:
    """Return what was answered where, before the last of these places, an agent was given one more name (L21)."""
    told = (replies.c.site_id == site_id) & (replies.c.code == Code.ALIAS_SET) & (BY_MESSAGE > 0)
    query = select(BY_MESSAGE.label("seq"), replies.c.params).where(told, max(seqs, default=0) > BY_MESSAGE)
    return {row.seq: row.params for row in connection.execute(query) if row.seq not in seqs}
