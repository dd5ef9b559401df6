"""Which claim a command means: a number, a name and mask, or the last four digits (texts.md, section 2; E6, E24)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from parsers.message import Command, Report
from worker.rules.answers import Outcome
from worker.rules.client import Client
from worker.rules.codes import Code
from worker.rules.families import claims_of_family
from worker.rules.identity import names_agree, same_name
from worker.rules.model import Claim, Visit
from worker.rules.needs import LONGEST_NUMBER
from worker.rules.turn import Turn

Numbered = TypeVar("Numbered", Claim, Visit)


@dataclass(frozen=True, slots=True)
class Missing:
    """No claim is meant: `refused_not_found`, `refused_ambiguous` (with the numbers that fit), or a bad form."""

    code: Code
    fitting: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What its sender is answered: the code, and the numbers to choose from."""
        return Outcome(self.code, {"fitting": list(self.fitting)})


def claims_meant(turn: Turn, parsed: Command, first: Callable[[Claim], bool] | None = None) -> list[Claim | Missing]:
    """Return for each reference of a command, in its order, the claim that the sender may mean by it; each once (L12).

    Of several claims on one client those are meant before others that `first` is true of: who holds him by default.
    """
    wanted = first or (lambda claim: claim.holds(turn.now))
    named = [claim_on(turn, report, wanted) for report in parsed.reports]
    return each_once([*(_by_reference(turn, ref) for ref in parsed.refs), *named]) or [Missing(Code.REFUSED_INVALID)]


def each_once(meant: Iterable[Numbered | Missing]) -> list[Numbered | Missing]:
    """Return what a command means without what it names again, by number or by client (L12)."""
    found: dict[object, Numbered | Missing] = {}
    for i, each in enumerate(meant):
        found.setdefault((i,) if isinstance(each, Missing) else each.number, each)
    return list(found.values())


JUST_REPORTED = timedelta(days=1)
"""For so long a question or a withdrawal that names nobody is about the sender's last report (L22)."""


def last_reported(turn: Turn) -> list[Claim]:
    """Return the claims that the sender's last report won, if they stand and it is not long ago (L22)."""
    since = turn.now - JUST_REPORTED
    mine = (c for c in turn.state.claims_of(turn.phone) if c.sender == turn.phone and c.reported_at > since)
    standing = [claim for claim in mine if claim.ends_at > turn.now and claim.ended_at is None]
    last = max((claim.seq for claim in standing), default=0)
    return [claim for claim in standing if claim.seq == last]


def in_his_view(turn: Turn, claim: Claim) -> bool:
    """Tell whether a claim is the sender's to speak of: staff sees all, an agent his unit's (B6, B33, E6).

    Who is on no roster sees what he reported himself (E16).
    """
    if turn.role is not None or turn.listed is None:
        return turn.role is not None or turn.phone in claim.own_phones
    return turn.listed.unit == claim.unit


def speaks_of_live(turn: Turn, parsed: Command) -> bool:
    """Tell whether every client whom a command names by name and mask has a live claim in the sender's view."""
    named = [claim_on(turn, report, lambda claim: claim.holds(turn.now)) for report in parsed.reports]
    return all(not isinstance(claim, Missing) and claim.live(turn.now) for claim in named)


def told_of(turn: Turn, claim: Claim) -> list[str]:
    """Return who is told of a claim: its agent, or who sent it; nobody who is another unit's by now (L1)."""
    listed = turn.state.listed(claim.to_tell, turn.state.day(turn.now))
    return [claim.to_tell] if listed is None or listed.unit == claim.unit else []


def _by_reference(turn: Turn, ref: str) -> Claim | Missing:
    if ref.isdigit() and len(ref) == 4:
        # The last four digits of a client, as far as the sender may speak of him; of an agent's own ones before others.
        live = [c for c in turn.state.claims.values() if c.live(turn.now) and in_his_view(turn, c)]
        fitting = [c for c in live if ref in (c.last4, *(alias.last4 for alias in turn.state.aliases_of(c.number)))]
        own = [c for c in fitting if turn.phone in c.own_phones]
        fitting = own if own and turn.role is None else fitting
        if len(fitting) > 1:
            return Missing(Code.REFUSED_AMBIGUOUS, tuple(c.ref for c in sorted(fitting, key=lambda c: c.number)))
        if fitting:
            return fitting[0]
    claim = claim_numbered(turn, ref)
    return claim if claim is not None and in_his_view(turn, claim) else Missing(Code.REFUSED_NOT_FOUND)


def claim_numbered(turn: Turn, ref: str) -> Claim | None:
    """Return the claim with this number: of a registration (R1024, 1024), or the one that a visit form is under."""
    digits = ref.lstrip("RV")
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
        return None
    number, claims = int(digits), turn.state.claims
    if not ref.startswith("V"):
        return claims.get(number)
    form = turn.state.visits.get(number)
    return claims.get(-number) or (claims.get(form.claim) if form is not None else None)


def claim_on(turn: Turn, report: Report, wanted: Callable[[Claim], bool]) -> Claim | Missing:
    """Return the latest claim in his view on a name and mask, a wanted and a live one first; else on a relative."""
    client = Client.of(report)
    seen = [c for c in turn.state.claims_at(client.phone7) if in_his_view(turn, c)]
    named = latest_named(seen, report.client or "", turn.now, wanted)
    if named is not None:
        return named
    # R23: a proved family is one client, so who has reported one of them may name any.
    family = claims_of_family(turn.state, client, turn.now)
    of_relatives = (c for c in family if c.holds(turn.now) and in_his_view(turn, c))
    return next(of_relatives, Missing(Code.REFUSED_NOT_FOUND))


def latest_named(
    claims: list[Claim], name: str, now: datetime, wanted: Callable[[Claim], bool] | None = None
) -> Claim | None:
    """Return the last of these claims whose client is so called: exactly before roughly, wanted, live before ended."""
    agreeing = [c for c in claims if names_agree(c.client, name)]
    exact = [c for c in agreeing if same_name(c.client, name)]
    live = [c for c in exact or agreeing if c.live(now)]
    first = [c for c in live if wanted is None or wanted(c)]
    return next(reversed(first or live or exact or agreeing), None)
