"""A clock that jumped ends no protection by itself: what lapsed by it alone is given back, and a person decides.

The line's times never fall (R3), so a clock that was ahead once stays with every text until the true time has caught
up. The door notes of such a text by how much (`door_notes.ahead_noted`), and a claim keeps by how much the line was
ahead when its end was set (`Claim.ahead`). By what it has jumped since then a claim may have lapsed by the jump alone:
as soon as a text is about its client it is given back the time that a second clock says it has left, counted on from
the line's time, once for each jump. It stands again with the flag `clock`. A rival's report is then contested with it
(R11), as long as nobody has decided, and lasts as long as it does (B21).
"""

from dataclasses import replace
from datetime import timedelta

from parsers.message import Meaning, clients_named, refs_named
from worker.rules.client import Client
from worker.rules.deadlines import plan_protection
from worker.rules.displacement import waiting_beside
from worker.rules.families import family_of
from worker.rules.model import Claim
from worker.rules.references import claim_numbered
from worker.rules.states import Flag
from worker.rules.turn import Turn

LAST_FOUR = 4


def give_back(turn: Turn, parsed: Meaning) -> None:
    """Let the claims that a text is about stand again where they lapsed by the clock's jump alone."""
    if not turn.ahead:
        return
    # Every claim, of whatever unit, that the text names by client, by number or by last four digits.
    named = [Client.of(report) for report in clients_named(parsed)]
    relatives = [other for client in named for other in family_of(turn.state, client, turn.now)]
    meant = [claim for relative in relatives for claim in turn.state.claims_at(relative.phone7)]
    for ref in refs_named(parsed):
        numbered = claim_numbered(turn, ref)
        meant += [numbered] if numbered is not None else []
        if ref.isdecimal() and len(ref) == LAST_FOUR:
            meant += [claim for claim in turn.state.claims.values() if claim.last4 == ref]
    for claim in {claim.number: claim for claim in meant}.values():
        jumped = timedelta(seconds=turn.ahead - claim.ahead)
        by_jump = turn.now - jumped < claim.ends_at <= turn.now
        if by_jump and claim.ended_at is None and not claim.sold(turn.now):
            flags = tuple(dict.fromkeys((*claim.flags, Flag.CLOCK)))
            kept = replace(claim, ends_at=claim.ends_at + jumped, ahead=turn.ahead, flags=flags)
            turn.state.put(kept)
            plan_protection(turn, kept)


def is_doubted(turn: Turn, holder: Claim) -> bool:
    """Tell whether nobody has yet decided if a claim lapsed, and no rival's report waits for that already."""
    return Flag.CLOCK in holder.flags and not waiting_beside(turn, holder.number)
