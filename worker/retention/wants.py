"""What is still wanted of a site: its clients, the places of texts, and what people call all this."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from worker.retention.affairs import places_of
from worker.retention.clients import Clients
from worker.rules.client import Phone7


class Marks:
    """A set of whole numbers, a bit each: a long line has a million of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._bits = bytearray()

    def update(self, numbers: Iterable[int]) -> None:
        """Take in numbers of 0 and more."""
        for number in numbers:
            byte = number >> 3
            if byte >= len(self._bits):
                self._bits.extend(bytes(max(1024, byte + 1 - len(self._bits))))
            self._bits[byte] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        """Tell whether a number is in it."""
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (number & 7) & 1)


class Refs:
    """A set of what people call claims, forms and disputes: R1024, V3, D5."""

    def __init__(self) -> None:
        """Begin with none."""
        self._marks: dict[str, Marks] = {}

    def update(self, refs: Iterable[str]) -> None:
        """Take in some; each is a letter and a number."""
        for ref in refs:
            self._marks.setdefault(ref[0], Marks()).update([int(ref[1:])])

    def __contains__(self, ref: object) -> bool:
        """Tell whether one is in it; of any other form none is."""
        return isinstance(ref, str) and ref[1:].isdecimal() and int(ref[1:]) in self._marks.get(ref[0], ())


@dataclass(slots=True)
class Wanted:
    """What is still wanted of a site: its clients, the places of texts, the numbers that notices are about, phones."""

    clients: Clients
    places: Marks = field(default_factory=Marks)
    refs: Refs = field(default_factory=Refs)
    phones: set[str] = field(default_factory=set)

    def take(self, connection: Connection, site_id: int, numbers: Collection[int]) -> None:
        """Want the texts of these claims, and what people call all this."""
        places, refs = places_of(connection, site_id, numbers)
        self.places.update(places)
        self.refs.update(refs)

    def keep(self, connection: Connection, site_id: int, phones7: Collection[Phone7]) -> None:
        """Keep everything of the clients of these phones: something has just referred to them."""
        self.take(connection, site_id, self.clients.revive(phones7))
