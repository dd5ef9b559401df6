"""Slows down whoever guesses passwords. SQL keeps the count: restarts forget nothing, and all processes agree.

A stranger's tries count by name and address together, so that nobody is locked out by what others try from elsewhere. A
device from which its owner has logged in counts by itself alone. What remains, guessing one name from very many
addresses, is slowed down for strangers' devices only.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Engine, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from worker.accounts.devices import device_of
from worker.store.schema import throttles

WINDOW = timedelta(minutes=15)
MOST_BY_NAME_AND_ADDRESS = MOST_BY_DEVICE = 8
MOST_BY_ADDRESS = 40
"""Behind one address a whole office may sit."""
MOST_BY_NAME = 200
"""With ten characters' chance that is no guess worth making, and far from what a person mistypes."""

MOST_CODES = 10
"""Beside the right password, of strangers' devices together: three of a million codes are right at a time."""


class Throttle:
    """The tries of one login: each is counted before the password is looked at, so that none is for free."""

    def __init__(
        self, engine: Engine, key: str, name: str, address: str, device: str, now: datetime, *, guessable: bool = True
    ) -> None:
        """`key`: a secret of ours, so that the table tells no name or address. `device`: the cookie, or empty.

        What is not `guessable`, a token of ours, is looked at first and its misses counted by address and name alone:
        from however many addresses nobody guesses it, nor keeps its owner out.
        """
        self._engine, self._now = engine, now
        known = device_of(key, name, device)
        limits = _limits(name, network_of(address), known, guessable)
        codes = {} if known else {f"code:{name}": MOST_CODES}
        secret = key.encode()[:64]
        self._limits, self._codes = (
            {
                hashlib.blake2b(subject.encode("utf-8", "replace"), key=secret, digest_size=32).hexdigest(): most
                for subject, most in each.items()
            }
            for each in (limits, codes)
        )

    def wait_s(self) -> int:
        """Count a try; return after how many seconds to come again, 0 when it may go on."""
        with self._engine.begin() as connection:
            connection.execute(delete(throttles).where(throttles.c.since <= self._now - WINDOW))
        over = self._count(self._limits)
        return max((int((since + WINDOW - self._now).total_seconds()) + 1 for since in over), default=0)

    def may_try_code(self) -> bool:
        """Count a code beside the right password; tell whether it may be looked at.

        Whoever has learnt the password has few of a million codes, from however many addresses; known devices have
        their own count.
        """
        return not self._count(self._codes)

    def _count(self, limits: Mapping[str, int]) -> list[datetime]:
        """Count a try of each of these; return since when those count that had too many."""
        insert = (postgresql if self._engine.dialect.name == "postgresql" else sqlite).insert(throttles)
        again = {"tries": throttles.c.tries + 1}
        over: list[datetime] = []
        with self._engine.begin() as connection:
            # In one order everywhere, so that two tries never wait for each other.
            for subject in sorted(limits):
                statement = insert.values(subject=subject, tries=1, since=self._now)
                statement = statement.on_conflict_do_update(index_elements=["subject"], set_=again)
                counted = connection.execute(statement.returning(throttles.c.tries, throttles.c.since)).one()
                if counted.tries > limits[subject]:
                    over.append(counted.since)
        return over

    def succeeded(self) -> None:
        """Forget the tries with this name from here, and this one try of what others share."""
        own, *shared = self._limits
        with self._engine.begin() as connection:
            connection.execute(delete(throttles).where(throttles.c.subject.in_([own, *self._codes])))
            one_less = update(throttles).where(throttles.c.subject.in_(shared)).values(tries=throttles.c.tries - 1)
            connection.execute(one_less)


def network_of(address: str) -> str:
    """Return what of an address is somebody's own: of IPv6 the /64, in which a machine has addresses as it likes."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


def _limits(name: str, network: str, device: str | None, guessable: bool) -> Mapping[str, int]:
    """Return what is counted and up to how many tries; first what its owner's success forgets."""
    if device is not None:
        return {f"device:{device}": MOST_BY_DEVICE}
    own = {f"both:{network}:{name}": MOST_BY_NAME_AND_ADDRESS}
    return own | ({f"address:{network}": MOST_BY_ADDRESS, f"name:{name}": MOST_BY_NAME} if guessable else {})
