"""The power fails on the journey of a few texts: what is then on the disk, and what the program makes of it.

The journey is made once. At each crash point, after each step and before each sync a cut notes what a disk would hold
if the power failed at that moment, and what the world outside knows: which texts were acknowledged, which messages the
gateway took. Then the program is started on what is left, once for each cut that leaves something else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from redis import Redis
from sqlalchemy import Engine, select

from tests.crashes.journey import Journey
from tests.crashes.proving import assert_nothing_lost_or_repeated
from tests.fake_twilio import FakeTwilio, Form
from tests.invariants import received
from tests.power.disk import Disk, Image
from tests.power.syncs import telling_of_syncs
from tests.sending import StandingClock
from worker.crash_points import watching
from worker.line.spool import Spool
from worker.outbox.ledger import outgoing_of, with_site
from worker.outbox.stops import resume
from worker.proof.audit import audit_site
from worker.proof.scratch import scratch_database
from worker.store.database import open_engine, snapshot
from worker.store.schema import attempts, replies, sites


class Machine(Protocol):
    """A machine with a database and a folder for the program, both on a disk whose power may fail."""

    url: str
    var: Path
    disk: Disk

    def image(self, chance: Random | None) -> Image:
        """Return what is on its disk after a cut now."""

    def start_on(self, image: Image, folder: Path) -> "Machine":
        """Return a machine on what is left."""

    def check(self) -> None:
        """Fail unless the database says of itself that it is whole."""

    def close(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True)
class Cut:
    """A moment at which the power fails; `image` is what is left."""

    where: str
    image: Image = field(repr=False)
    texted: dict[str, str] = field(repr=False)
    acknowledged: frozenset[str] = field(repr=False)
    delivered: frozenset[str] = field(repr=False)
    asked: tuple[Form, ...] = field(repr=False)
    messages: tuple[dict[str, Any], ...] = field(repr=False)
    missed: str
    now: datetime


@dataclass
class Outages:
    """Notes cuts on a journey. Those before a sync are torn, for what is written is torn nowhere else."""

    machine: Machine
    journey: Journey
    chance: Random
    cuts: list[Cut] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def travel(self, steps: Iterable[Callable[[], object]]) -> None:
        """Take these steps, undisturbed."""
        self.machine.disk.before_sync = self._before_sync
        with telling_of_syncs(self.machine.disk):
            with watching(self._at_point):
                for number, step in enumerate(steps):
                    step()
                    self._cut(f"step {number}")
            self.journey.close()

    def _before_sync(self, name: str) -> None:
        self._cut(f"sync of {name}", self.chance)

    def _at_point(self, point: str) -> None:
        self._cut(point)
        self._cut(f"{point}, torn", self.chance)

    def _cut(self, where: str, chance: Random | None = None) -> None:
        journey, fake = self.journey, self.journey.fake
        while True:
            # Senders have threads: what the gateway took must belong to the same moment as what is on the disk.
            took = len(fake.asked)
            acknowledged, delivered = frozenset(journey.acknowledged), frozenset(journey.delivered)
            image = self.machine.image(chance)
            asked, messages = tuple(fake.asked), tuple(fake.messages)
            if len(asked) == took:
                break
        # SQLite builds this file anew, whatever it holds.
        lasting = frozenset((path, content) for path, content in image.items() if not path.endswith("-shm"))
        known = hash((lasting, acknowledged, len(asked), len(messages)))
        # The first one of a name stands for it, also where it leaves what another left.
        if not {known, hash(where)} <= self._seen:
            self._seen |= {known, hash(where)}
            known_outside = dict(journey.texted), acknowledged, delivered, asked, messages, journey.missed
            self.cuts.append(Cut(where, image, *known_outside, journey.clock.now))


def survive(cut: Cut, machine: Machine, redis_url: str, fake: FakeTwilio) -> Engine:
    """Start the program on what a cut left and let it go on until nothing is left to do.

    Fails unless it keeps every promise that was given before the cut; returns an engine on what came of it.
    """
    look(cut, machine)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    fake.behave_well()
    fake.asked[:], fake.messages[:] = cut.asked, cut.messages
    with closing(Journey(machine.var, machine.url, redis_url, fake, StandingClock(cut.now))) as journey:
        journey.texted, journey.acknowledged, journey.missed = dict(cut.texted), set(cut.acknowledged), cut.missed
        journey.texted["SM" + "e" * 32] = "报备 钱程 137****6611 李四"
        journey.text_again()
        # A person has seen that nothing is sent, be it for what he had resumed just before the cut.
        resume(journey.runtime.engine, "twilio")
        journey.drain(150)
        assert_nothing_lost_or_repeated(journey.runtime.engine, journey.acknowledged, fake)
        return journey.runtime.engine


def look(cut: Cut, machine: Machine) -> None:
    """Fail unless all that the world outside may rely on is there after a cut, before anybody mends anything."""
    machine.check()
    engine = open_engine(machine.url)
    try:
        lost = cut.acknowledged - received(engine) - set(_spooled(Spool(machine.var / "spool")))
        assert not lost, f"acknowledged and lost: {sorted(lost)}"
        with engine.connect() as connection:
            delivered = select(attempts.c.sid).where(attempts.c.delivery == "delivered")
            unknown = cut.delivered - set(connection.execute(delivered).scalars())
            claims = with_site().join(attempts, attempts.c.reply_id == replies.c.id)
            claimed = Counter((row.recipient, outgoing_of(row).words) for row in connection.execute(claims))
        assert not unknown, f"answered that they are delivered, and forgotten: {sorted(unknown)}"
        took = Counter(
            (message["to"], message["body"]) for message in cut.messages if message["direction"] != "inbound"
        )
        assert took <= claimed, f"handed over without a claim: {took - claimed}"
    finally:
        engine.dispose()


def representatives(cuts: Sequence[Cut], torn: int) -> list[Cut]:
    """Return the first cut after each commit and in the sync of each file, and so many other torn ones."""
    first = {cut.where: cut for cut in reversed(cuts) if cut.where.endswith(".after") or "sync" in cut.where}
    others = [cut for cut in cuts if ("torn" in cut.where or "sync" in cut.where) and cut not in first.values()]
    return [*first.values(), *others[:: max(1, len(others) // torn)]]


def _spooled(spool: Spool) -> Iterator[str]:
    assert spool.set_aside_names() == []
    return (spool.read(name).inbound.provider_id for name in spool.waiting())


def assert_clean(engine: Engine) -> None:
    """Fail unless the audit finds every line as it must be."""
    with snapshot(engine) as source:
        for site in source.execute(select(sites)).all():
            with scratch_database() as scratch:
                audited = audit_site(source, scratch, site)
            assert audited.clean, audited.faults
