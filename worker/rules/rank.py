"""Which of several names that a unit has on the same seven digits keep others out (B18, R11).

A unit may have two clients of one number, and a client may be known by his surname only. Both together are a way to
keep digits: one report for each frequent surname. So, decided for B18:

a bare name (王先生) that is not the unit's first  → keeps no full name out: that one is suspected, and registered
a unit's third name on the digits, and further    → suspected itself, and the manager is told
a phone's sixth name of a day on another's digits  → not told: by answers in turn it would learn who he is (L2)
"""

from collections.abc import Sequence

from worker.rules.deadlines import DAY
from worker.rules.identity import fold, name_form, name_key
from worker.rules.model import Claim
from worker.rules.turn import Turn

MOST_RIVALS = 5
"""A suspected claim is kept with so many of the earliest that it is so with, though hundreds may have its digits."""
MOST_NAMES = 2
"""So many names on the same digits a unit registers unasked."""
MOST_TRIED = 5
"""So many names on the same digits a phone reports in a day while another unit has a client there."""


def has_tried_many(turn: Turn, unit: str, at: Sequence[Claim], name: str) -> bool:
    """Tell whether a name is one too many of the sender's today on digits where another unit has a client.

    `at`: all claims there. Names by which he amended count as well; one that he has tried tells him nothing new.
    """
    others = any(claim.unit != unit and claim.live(turn.now) for claim in at)
    recent = [claim for claim in at if claim.sender == turn.phone and turn.now - claim.reported_at < DAY]
    tried = {fold(each) for claim in recent for each in claim.names}
    return others and fold(name) not in tried and len(tried) >= MOST_TRIED


def outranking(name: str, agreeing: Sequence[Claim], live: Sequence[Claim]) -> list[Claim]:
    """Return which of the claims that a name agrees with come before it; `live`: all on these digits, in line order."""
    if name_form(name).bare:
        return list(agreeing)
    return [
        claim
        for claim in agreeing
        if not name_form(claim.client).bare or claim.place == min(c.place for c in live if c.unit == claim.unit)
    ]


def many_names_before(name: str, unit: str, live: Sequence[Claim]) -> tuple[int, ...]:
    """Return the numbers of a unit's claims on these digits if a further name is too many for it."""
    own = [c for c in live if c.unit == unit]
    return (
        tuple(c.number for c in own) if len({name_key(c.client) for c in own} - {name_key(name)}) >= MOST_NAMES else ()
    )
