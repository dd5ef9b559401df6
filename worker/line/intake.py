"""How a text that arrives becomes durable: in the line, else in the spool, else its gateway is told to come again."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlalchemy import Engine

from worker.gateways.base import Inbound
from worker.group_commit import Together
from worker.line.crowd import Crowd
from worker.line.door import NotDurableError, ReadyText, Receipt, accept_all, ready_text
from worker.line.spool import Spool, number_of
from worker.log import complain, say
from worker.store.failures import in_time

log = logging.getLogger(__name__)


class Places(Protocol):
    """Where a process puts its texts: a database, or else a spool."""

    @property
    def engine(self) -> Engine:
        """The database."""

    @property
    def spool(self) -> Spool:
        """The spool of this machine."""

    @property
    def patience_s(self) -> float:
        """How long whoever has an answer to give waits for the database."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A text on its way, as received and as it is put in line."""

    inbound: Inbound
    text: ReadyText


class Intake:
    """Takes in the texts of a process; those that wait at the same time become one transaction."""

    def __init__(self, places: Places, ring: Callable[[int], object], crowded: Callable[[], object]) -> None:
        """`ring` is told each site whose line got longer, once a transaction; no answer but one waits for that.

        `crowded` is told, a few times a second, that there is a crowd.
        """
        self._places = places
        self._ring = ring
        self._crowd = Crowd(crowded)
        self._on_their_way = 0
        self._together = Together(self._accept, self._tell)

    @property
    def waiting(self) -> int:
        """How many texts wait for the end of a transaction that they are not in."""
        return self._together.waiting

    def take_in(self, inbound: Inbound) -> Receipt:
        """Put a text in line within the patience there is, or behind those that wait in the spool.

        Raises NotDurableError when neither takes it.
        """
        spool = self._places.spool
        try:
            nothing_waits = spool.is_empty()
        except OSError as error:
            raise NotDurableError("nobody can tell whether a text waits in the spool") from error
        if nothing_waits:
            try:
                return self._together(_Waiting(inbound, ready_text(inbound, at_once=True)), self._places.patience_s)
            except TimeoutError as error:
                # It may get into line yet: what the spool holds of it is a silent repeat then.
                complain(log, "database too slow", error, gateway=inbound.gateway)
        # Those that wait were first: while there is one, nobody passes it.
        return self._spooled(inbound)

    def take_in_later(self, inbound: Inbound, then: Callable[[Receipt | BaseException], object]) -> None:
        """Put a text in line as `take_in` does, without waiting: another thread tells `then` what it returns or raises.

        For a text that the database does not take within the patience there is, that takes an `end_patience`.
        """

        def come(outcome: Receipt | BaseException) -> None:
            then(self._kept(inbound, outcome) if isinstance(outcome, TimeoutError) else outcome)

        waiting = _Waiting(inbound, ready_text(inbound, at_once=True))
        self._together.later(waiting, self._places.patience_s, come)

    def end_patience(self) -> None:
        """Let those texts of `take_in_later` wait in the spool that have waited too long."""
        self._together.end_patience()

    def _spooled(self, inbound: Inbound) -> Receipt:
        try:
            name = self._places.spool.keep(inbound)
        except Exception as error:
            raise NotDurableError("neither the database nor the spool took the message") from error
        say(log, "in the spool", gateway=inbound.gateway, spool=number_of(name))
        return Receipt("spooled")

    def _accept(self, waiting: Sequence[_Waiting]) -> list[Receipt | Exception]:
        """Put texts in line together; those that the database does not take wait in the spool, in their order.

        All that before the next batch may begin, so that nobody who came later passes them.
        """
        engine, texts = self._places.engine, [each.text for each in waiting]
        outcomes: Sequence[Receipt | Exception | None] = [None] * len(waiting)
        try:
            # Another batch may have gone into the spool while this one waited for its turn.
            if self._places.spool.is_empty():
                outcomes = in_time(engine, self._places.patience_s, partial(accept_all, engine, texts))
        except Exception as error:
            # What was too slow may get into line yet: what the spool holds of it is a silent repeat then.
            outcomes = [error] * len(waiting)
        # Before anybody is answered, who might send the next at once.
        self._on_their_way = len(waiting) + self.waiting
        pairs = zip(waiting, outcomes, strict=True)
        return [come if isinstance(come, Receipt) else self._kept(each.inbound, come) for each, come in pairs]

    def _kept(self, inbound: Inbound, error: Exception | None) -> Receipt | Exception:
        if error is not None:
            # Not all that a driver raises is wrapped. Whatever it is, the text is kept.
            step = "database too slow" if isinstance(error, TimeoutError) else "database away"
            complain(log, step, error.__cause__ or error, gateway=inbound.gateway)
        try:
            return self._spooled(inbound)
        except NotDurableError as refused:
            return refused

    def _tell(self, outcomes: Sequence[Receipt | Exception]) -> None:
        for site_id in sorted({each.site_id for each in outcomes if isinstance(each, Receipt) and each.site_id}):
            self._ring(site_id)
        self._crowd.look(self._on_their_way)
