"""Which of several names that a unit has on the same seven digits keep others out (B18, R11).

A unit may have two clients of one number, and a client may be known by his surname only. Both together are a way to
keep digits: one report for each frequent surname. So, decided for B18:

a bare name (王先生) that is not the unit's first  → keeps no full name out: that one is suspected, and registered
a unit's third name on the digits, and further    → suspected itself, and the manager is told
"""

from collections.abc import Sequence

from worker.rules.identity import name_form, name_key
from worker.rules.model import Claim

MOST_RIVALS = 5
"""A suspected claim is kept with so many of the earliest that it is so with, though hundreds may have its digits."""
MOST_NAMES = 2
"""So many names on the same digits a unit registers unasked."""


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
