"""L22: who corrects with other digits reports anew, and hears that his first report stands and how to give it up."""

from dataclasses import replace

from worker.rules.amendment import in_window
from worker.rules.identity import names_agree
from worker.rules.part import Part
from worker.rules.turn import Turn


def says_that_the_first_stands(turn: Turn, parts: list[Part]) -> list[Part]:
    """Return the parts of a correcting text, the new registrations with the number of the report before them."""
    seq = turn.message.seq
    own = [c for c in turn.own_live_claims() if c.sender == turn.phone and c.seq < seq and in_window(turn, c)]
    said: list[Part] = []
    for part in parts:
        claim, still = part.claim, {}
        if own and claim is not None and claim.seq == seq and not part.recorded:
            # The last one within the window stands, one of the same name before others.
            same = [c for c in own if names_agree(c.client, claim.client)]
            still = {"still": (same or own)[-1].ref}
        said.append(replace(part, params=part.params | still))
    return said
