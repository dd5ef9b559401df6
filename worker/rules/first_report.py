"""L22: who corrects with other digits reports anew, and hears that his first report stands and how to give it up."""

from dataclasses import replace

from worker.rules.amendment import in_window
from worker.rules.identity import names_agree
from worker.rules.part import Part
from worker.rules.turn import Turn


def says_that_the_first_stands(turn: Turn, parts: list[Part]) -> list[Part]:
    """Return the parts of a correcting text, the new registrations with the number of the report before them."""
    return [_with_first(turn, part) for part in parts]


def _with_first(turn: Turn, part: Part) -> Part:
    claim = part.claim
    if part.recorded or claim is None or claim.seq != turn.message.seq:
        return part
    # The sender's last report within the window stands, one of the same name before others.
    own = [c for c in turn.own_live_claims() if c.sender == turn.phone and c.seq < claim.seq and in_window(turn, c)]
    first = [c for c in own if names_agree(c.client, claim.client)] or own
    return replace(part, params=part.params | {"still": first[-1].ref}) if first else part
