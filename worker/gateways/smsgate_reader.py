"""What a phone that is a gateway has signed: the texts that came to it, to which of our numbers, and that it lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.gateways.base import Inbound, Ping, Route, Status
from worker.gateways.smsgate_events import read_event, text_of


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone that may sign: approved, or waiting for that. `numbers`: SIM, from 1 → our number that it has."""

    phone: str
    approved: bool
    numbers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class PhoneReader:
    """Reads what one phone has signed."""

    gateway: str
    secret: str
    line: PhoneLine
    app: str
    now: datetime
    clock: datetime

    def parse(self, route: Route, raw: bytes, url: str) -> list[Inbound | Status | Ping]:
        """Return a sign of life, and the text if it is one. Raises MalformedError."""
        event = read_event(raw)
        sims = event.sim_cards if event.event == "app:started" else None
        alive = Ping(self.gateway, self.line.phone, self.app, sims, self.clock)
        if route != "messages" or not event.is_text:
            return [alive]
        ours = self._number(event.sim_number)
        return [text_of(self.gateway, self.secret, ours, event, self.now), alive]

    def _number(self, sim: int | None) -> str:
        """Return our number to which a text came. The phone's own word on it counts for nothing.

        A SIM that nobody gave a site's number has none of ours, so that its texts are kept with those of no site: it
        may have changed its slot.
        """
        numbers = self.line.numbers
        if sim is None and len(numbers) == 1:
            return next(iter(numbers.values()))
        return numbers.get(sim or 0, f"{self.line.phone} SIM {sim or '?'}")
