"""SIM cards as phones tell of them: what is kept of one, and whether it is still the same.

The app masks number, carrier and card number to their last four signs when it registers, and tells the whole of them
when it has started (GatewayService.kt: redact; OrchestratorService.kt). So only the last four are kept and compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from worker.gateways.base import SimCard

TOLD: Final = 4
LONGEST_CARRIER: Final = 40
LONGEST_NAME: Final = 80


def kept_card(card: SimCard) -> SimCard:
    """Return of a card what may be kept: the last four signs of both its numbers, and a carrier that can be shown."""
    carrier = printable(card.carrier)[:LONGEST_CARRIER] or None
    return replace(card, number=_last_four(card.number), iccid=_last_four(card.iccid), carrier=carrier)


def kept_cards(cards: Sequence[SimCard]) -> list[dict[str, Any]]:
    """Return what is kept of a phone's cards, one a slot: whoever has the gateway's token may say what he likes."""
    by_slot = {card.slot: asdict(kept_card(card)) for card in reversed(cards)}
    return [by_slot[slot] for slot in sorted(by_slot)]


def kept_name(stated: str) -> str:
    """Return what is kept of what a phone calls itself."""
    return printable(stated)[:LONGEST_NAME]


def printable(stated: str | None) -> str:
    """Return of what a phone says the signs that can be shown."""
    return "".join(sign for sign in stated or "" if sign.isprintable())


def same_card(then: Mapping[str, Any], now: Mapping[str, Any] | None) -> bool:
    """Tell whether a slot's card is the one that it was; what it did not tell then or does not now says nothing."""
    if now is None:
        return False
    pairs = ((_last_four(then.get(name)), _last_four(now.get(name))) for name in ("number", "iccid"))
    return all(old == new for old, new in pairs if old is not None and new is not None)


def _last_four(stated: str | None) -> str | None:
    """Return `****1234` of a number however much of it is told; None of one that tells nothing."""
    shown = printable(stated).rstrip("*")
    return f"****{shown[-TOLD:]}" if shown else None
