"""L22: who corrects with other digits reports anew, and hears that his first report stands and how to give it up."""

from dataclasses import replace

from worker.rules.amendment import in_window
from worker.rules.identity import names_agree
from worker.rules.model import Claim
from worker.rules.part import Part
from worker.rules.turn import Turn


def says_that_the_first_stands(turn: Turn, parts: list[Part]) -> list[Part]:
    """Return the parts of a correcting text, the new registrations with the number of the report before them."""
    return [_with_first(turn, part) for part in parts]


def _with_first(turn: Turn, part: Part) -> Part:
    if part.recorded or part.claim is None or part.claim.seq != turn.message.seq:
        return part
    first = _first_of(turn, part.claim)
    return part if first is None else replace(part, params=part.params | {"still": first.ref})


def _first_of(turn: Turn, claim: Claim) -> Claim | None:
    """Return the sender's last report within the window, one of the same name before others."""
    own = [c for c in turn.own_live_claims() if c.sender == turn.phone and c.seq < claim.seq and in_window(turn, c)]
    same = [c for c in own if names_agree(c.client, claim.client)]
    return next(reversed(same or own), None)
