"""Why a client is whose he is: what happened, in the order in which it happened, as items that words are made of.

Pure, like the answer itself (`attribution.attribute`). A new kind of fact needs a function in TELLERS and its words in
`worker/words/explain_*.toml`; nothing else changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from worker.rules.attribution import Answer, attribute
from worker.rules.client import Client, Phone7, mask_of
from worker.rules.codes import Code
from worker.rules.families import ends_of
from worker.rules.identity import names_agree
from worker.rules.model import NO_AGENT, Alias, Claim, ReportRow
from worker.rules.numbers import Rule
from worker.rules.readings import EXTENDED, became
from worker.rules.sides import side_written
from worker.rules.state import State
from worker.rules.states import Flag, FormKind, FormState, Side
from worker.rules.values import HANDED, Opinion, Paper, Party, Ruling


@dataclass(frozen=True, slots=True)
class Case:
    """A client at a moment: the claims on him and the reports of his number, both in line order and up to then.

    `state` holds these, what there is on his relatives and on further numbers of theirs, and no other client.
    """

    state: State
    client: Client
    at: datetime
    answer: Answer
    claims: Sequence[Claim]
    reports: Sequence[ReportRow]
    origins: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """site, place and first receipt of the texts that came from other sites' lines, by their place here (L25)"""

    @property
    def known(self) -> bool:
        """Whether anybody has ever reported him."""
        return bool(self.claims) or any(names_agree(row.client, self.client.name) for row in self.reports)

    @property
    def phones7(self) -> set[Phone7]:
        """Return every number that the case turns on: the client's, his relatives' (R23), corrected ones (R25)."""
        held: list[Claim | Alias] = [*self.state.claims.values(), *self.state.aliases.values()]
        linked = (end.phone7 for link in self.state.kin.values() for end in ends_of(link))
        return {self.client.phone7, *(fact.phone7 for fact in held), *linked}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened: `code` finds its words, `params` fill them; `place` is None for what only time did."""

    code: str
    at: datetime
    place: int | None
    rules: tuple[Rule, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


def case_of(
    state: State,
    client: Client,
    at: datetime,
    reports: Sequence[ReportRow] = (),
    origins: Mapping[int, Mapping[str, Any]] | None = None,
) -> Case:
    """Return the case of a client; the state holds the claims on his number, `reports` the register's rows of it."""
    on_number = (c for c in state.claims_at(client.phone7) if c.reported_at <= at)
    # A claim belongs to every name that it was read as.
    claims = [c for c in on_number if any(names_agree(name, client.name) for name in c.names)]
    answer = attribute(state, client, at)
    known = [row for row in reports if row.received_at <= at]
    return Case(state, client, at, answer, claims, known, origins or {})


def story(case: Case) -> list[Item]:
    """Return what happened to a client up to the moment of the case; at one instant in line order, time's work last."""
    items = [item for tell in TELLERS for item in tell(case)]
    return sorted(items, key=lambda item: (item.at, item.place is None, item.place or 0))


def _reports(case: Case) -> Iterator[Item]:
    """R3: every report of the number, with its place; the same number under another name is told as that."""
    claims = {claim.number: claim for claim in case.state.claims_at(case.client.phone7)}
    for row in case.reports:
        if row.code == Code.AMENDED:
            continue
        params = {"client": row.client, "unit": row.unit, "agent": _named(row.agent), "part": row.part}
        claim = claims.get(row.number) if row.number is not None else None
        if claim is not None:
            params |= {"ref": claim.ref, "until": claim.ends_at, "sent": claim.sent_at}
            params["rivals"] = [f"R{number}" for number in claim.rivals]
        params["to"] = [forward.name for (seq, _), forward in case.state.forwards.items() if seq == row.seq]
        by_clock = row.code == Code.CONTESTED and claim is not None and Flag.JUMPED in claim.flags
        code = "contested_by_clock" if by_clock else row.code
        yield Item(f"report.{code}", row.received_at, row.seq, row.rules, params)


def _readings(case: Case) -> Iterator[Item]:
    """R2b: what a text was first read as, and what it became, when and by which text (L23, L24); who got it (L16)."""
    rules = {HANDED: (Rule.R2a, Rule.R26), EXTENDED: (Rule.R7, Rule.R14)}
    for claim in case.claims:
        for step in became(claim):
            params = {"ref": claim.ref, "unit": claim.unit, "agent": _named(step.agent), "client": step.client}
            given: dict[str, Any] = {"until": step.until, "days": step.days, "told": step.words}
            if step.at <= case.at:
                yield Item(
                    f"reading.{step.how}",
                    step.at,
                    step.seq,
                    rules.get(step.how, (Rule.R2b,)),
                    params | given | {"was": _named(step.was)},
                )


def _plans(case: Case) -> Iterator[Item]:
    """Tell when clients were expected, as last told; a plan has no rule, since it decides nothing."""
    for row in case.reports:
        claim = case.state.claims.get(row.number) if row.number is not None else None
        if claim is not None and claim.planned_seq == row.seq:
            told = {"day": claim.planned_day, "part_of_day": claim.planned_part, "time": claim.planned_time}
            yield Item("planned", row.received_at, row.seq, (), {"ref": claim.ref} | told)


def _origins(case: Case) -> Iterator[Item]:
    """L25: reports that were sent to another site's number first."""
    for row in case.reports:
        if row.seq in case.origins:
            params = {"client": row.client, "unit": row.unit, "agent": _named(row.agent), **case.origins[row.seq]}
            yield Item("came", row.received_at, row.seq, (Rule.R11,), params)


def _ends(case: Case) -> Iterator[Item]:
    """R7, R8: claims that were given up or taken away, and those whose time is over."""
    for claim in case.claims:
        params = {"ref": claim.ref, "unit": claim.unit, "agent": _named(claim.agent)}
        if claim.ended_at is not None and claim.ended_at <= case.at:
            yield Item(f"claim.{claim.state}", claim.ended_at, None, (Rule.R7,), params | {"told": claim.ended_for})
        elif claim.ends_at <= case.at:
            yield Item("claim.expired", claim.ends_at, None, (Rule.R8,), params)


def _follow_ups(case: Case) -> Iterator[Item]:
    """R9, R14: the contacts that were reported."""
    numbers = {claim.number: claim for claim in case.claims}
    for contact in case.state.follow_ups.values():
        if contact.number in numbers and contact.at <= case.at:
            claim = numbers[contact.number]
            params = {"ref": claim.ref, "unit": claim.unit, "agent": _named(claim.agent), "told": contact.words}
            yield Item(f"followed.{contact.role}", contact.at, contact.seq, (Rule.R9, Rule.R14), params)


def _visits(case: Case) -> Iterator[Item]:
    """R12, R13, R15, R16: entries, and what became of their forms."""
    forms = {v.number: v for claim in case.claims for v in case.state.visits_of(claim.number)}
    for visit in forms.values():
        params = {"ref": visit.ref, "unit": visit.unit, "agent": _named(visit.agent), "arrived": visit.arrived_at}
        mismatch = {"mismatch": list(visit.mismatch)} if visit.mismatch and not visit.cured else {}
        if visit.opened_at <= case.at:
            kind = "mismatch" if mismatch else visit.kind
            # Whom the arrival named, who is not the reporter.
            named = {"unit": visit.named_unit, "agent": visit.named_agent} if "unit" in visit.mismatch else {}
            yield Item(f"visit.{kind}", visit.opened_at, visit.seq, (Rule.R12,), params | mismatch | named)
        if visit.closed_at is not None and visit.closed_at <= case.at and visit.kind != FormKind.WALK_IN:
            places = [signature.seq for signature in visit.signatures.values()]
            # An own arrival is confirmed by the desk's two signatures alone (R15).
            own = visit.state == FormState.CONFIRMED and visit.kind == FormKind.OWN
            ended = "confirmed_own" if own else visit.state
            yield Item(f"visit.{ended}", visit.closed_at, max(places, default=None), (Rule.R13,), params)
        midnight = datetime.combine(visit.day + timedelta(days=1), time(), case.state.zone)
        if visit.closed_at is None and midnight <= case.at:
            yield Item("visit.void", midnight.astimezone(visit.opened_at.tzinfo), None, (Rule.R16,), params)


def _deals(case: Case) -> Iterator[Item]:
    """R18, R19: what was paid, as recorded."""
    for deal in (case.state.deals[c.number] for c in case.claims if c.number in case.state.deals):
        params = {"unit": deal.unit, "agent": _named(deal.agent)}
        for kind, day, recorded in (
            ("deposit", deal.deposit_on, deal.deposit_recorded_at),
            ("downpayment", deal.down_on, deal.down_recorded_at),
            ("cancelled", None, deal.cancelled_at),
        ):
            if recorded is not None and recorded <= case.at:
                yield Item(f"deal.{kind}", recorded, None, (Rule.R18,), params | {"day": day})


def _disputes(case: Case) -> Iterator[Item]:
    """R18–R22: objections, papers, opinions and rulings; a decision by silence (R20) is in the answer."""
    for dispute in (d for claim in case.claims for d in case.state.disputes_of(claim.number)):
        told: list[tuple[str, Party | Paper | Opinion | Ruling, str]] = []
        told += [("party", party, party.words) for party in dispute.parties if party.side == Side.OBJECTOR]
        for paper in dispute.papers:
            kind = "late_paper" if paper.late else "paper" if paper.counted else "uncounted"
            # What it says besides its kind, and of a call its day.
            words = paper.words.removeprefix(paper.kind).strip()
            told.append((kind, paper, f"{words} {paper.day or ''}".strip()))
        told += [("late_opinion" if said.late else "opinion", said, said.words) for said in dispute.opinions]
        for ruling in dispute.rulings:
            # A text names the side before its reason, a form apart from it.
            side, _, reason = ruling.words.partition(" ")
            named = ruling.unit in (side, side_written(case.state, side))
            told.append(("ruling", ruling, reason if named else ruling.words))
        for kind, one, words in told:
            params = {"ref": dispute.ref, **{key: getattr(one, key, "") for key in ("unit", "agent", "kind")}}
            if one.at <= case.at:
                params |= {"words": words, "told": words}
                yield Item(f"dispute.{kind}", one.at, one.seq, (Rule.R21,), params)


def _families(case: Case) -> Iterator[Item]:
    """R23: relatives, proved or only said to be."""
    for link in case.state.kin_at(case.client.phone7):
        if link.at <= case.at:
            params = {"client": link.client, "other": link.other_client, "relation": link.relation}
            yield Item(f"family.{'proved' if link.proved else 'claimed'}", link.at, link.seq, (Rule.R23,), params)
            if link.undone_at is not None and link.undone_at <= case.at:
                yield Item("family.undone", link.undone_at, None, (Rule.R23,), params)


def _aliases(case: Case) -> Iterator[Item]:
    """R25: corrected numbers."""
    for claim in case.claims:
        known_as = sorted(case.state.aliases_of(claim.number), key=lambda alias: alias.seq)
        true = [mask_of(alias.first3, alias.last4) for alias in known_as[1:]] + [claim.mask]
        for alias, number in zip(known_as, true, strict=False):
            params = {"ref": claim.ref, "mask": mask_of(alias.first3, alias.last4), "true": number, "told": alias.proof}
            if alias.at <= case.at:
                yield Item("alias", alias.at, alias.seq, (Rule.R25,), params)


def _named(agent: str) -> str:
    return "" if agent == NO_AGENT else agent


TELLERS: tuple[Callable[[Case], Iterator[Item]], ...] = (
    _origins,
    _reports,
    _readings,
    _plans,
    _follow_ups,
    _visits,
    _deals,
    _disputes,
    _families,
    _aliases,
    _ends,
)
"""Who tells of what; each looks at one kind of fact."""
