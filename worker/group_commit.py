"""Group commit: calls that wait at the same time are carried out together, one transaction for all of them.

Whoever finds nobody at work leads, and carries out all that waits, his own call included; what comes meanwhile waits,
and the first of it leads next. So batches grow with the load. Nobody waits for company, but for a moment after a larger
batch: as many are about to come again, and a transaction for the first of them alone would cost as much as for all.

A call either keeps its thread until it has its outcome, or is told later; for those a few threads of ours lead.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Condition, Lock, Semaphore, Thread
from typing import Final, Generic, TypeAlias, TypeVar, cast

from worker.log import complain

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 64
"""So many are carried out at once: a batch is to end long before anybody's patience."""
COMPANY_S: Final = 0.003
"""How long a leader waits until he has half as many with him as were in the batch before."""
HANDS: Final = 2
"""Threads that lead for calls that keep none: one tells what became of a batch while another carries out the next."""


_NONE: Final = object()


class _Call(Generic[T, R]):
    """A call that keeps its thread: `turn` is let go of when it has its outcome, or else has to lead."""

    __slots__ = ("item", "outcome", "turn")

    def __init__(self, item: T) -> None:
        self.item = item
        self.outcome: R | BaseException | object = _NONE
        # The cheapest thing that a thread can wait for.
        self.turn = Lock()
        self.turn.acquire()


class _Later(Generic[T, R]):
    """A call that keeps no thread: `then` is told its outcome, once, and is None from then on."""

    __slots__ = ("item", "outcome", "then", "until")

    def __init__(self, item: T, until: float, then: Callable[[R | BaseException], object]) -> None:
        self.item = item
        self.outcome: R | BaseException | object = _NONE
        self.until = until
        self.then: Callable[[R | BaseException], object] | None = then


_Waiting: TypeAlias = _Call[T, R] | _Later[T, R]


class Together(Generic[T, R]):
    """Carries out the calls of many threads in batches, in the order in which they came.

    `carry_out` returns for each item what became of it, or the exception which that call alone shall raise; what it
    raises itself, all of its batch raise. It has to end by itself. `afterwards` gets the outcomes of a batch once all
    have theirs and the next batch may begin: for what no answer has to wait for.
    """

    def __init__(
        self,
        carry_out: Callable[[list[T]], Sequence[R | Exception]],
        afterwards: Callable[[list[R | Exception]], object] = lambda _: None,
        most: int = MOST,
        company_s: float = COMPANY_S,
    ) -> None:
        self._carry_out = carry_out
        self._afterwards = afterwards
        self._most = most
        self._company_s = company_s
        self._lock = Lock()
        self._company = Condition(self._lock)
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._under_way: list[_Waiting[T, R]] = []
        self._led = False
        self._last = self._wanted = 0
        """How many were in the last batch, and for how many a leader waits."""
        self._hands: list[Thread] = []
        self._hands_wanted = Semaphore(0)

    def __call__(self, item: T, patience_s: float) -> R:
        """Return what became of an item, or raise it.

        Raises TimeoutError when it waited for so many seconds for its turn, or for the batch that it is in; of the
        latter nobody knows what becomes.
        """
        mine = _Call[T, R](item)
        if not self._put(mine) and not mine.turn.acquire(timeout=patience_s):
            self._give_up(mine)
        if mine.outcome is _NONE:
            self._lead(mine)
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return cast("R", mine.outcome)

    def later(self, item: T, patience_s: float, then: Callable[[R | BaseException], object]) -> None:
        """Call and go on: `then` is told, by another thread, what became of the item, or what the call would raise.

        It is told TimeoutError by the next `end_patience` after so many seconds.
        """
        if not self._hands:
            self._have_hands()
        if self._put(_Later[T, R](item, time.monotonic() + patience_s, then)):
            self._hands_wanted.release()

    def end_patience(self) -> None:
        """Tell TimeoutError to whom waits `later` than he would, for his turn or for his batch; in this thread."""
        now = time.monotonic()
        with self._lock:
            here = [each for each in (*self._under_way, *self._waiting) if isinstance(each, _Later)]
            late = [each for each in here if each.until <= now]
            for each in late:
                each.outcome = TimeoutError()
                if each in self._waiting:
                    self._waiting.remove(each)
            told = _taken(late)
        _tell(told)

    @property
    def waiting(self) -> int:
        """How many wait for a batch to end before theirs begins."""
        return len(self._waiting)

    def _put(self, call: _Waiting[T, R]) -> bool:
        """Let a call wait; return whether somebody has to lead."""
        with self._lock:
            self._waiting.append(call)
            leads, self._led = not self._led, True
            if len(self._waiting) == self._wanted:
                self._company.notify()
        return leads

    def _give_up(self, mine: _Call[T, R]) -> None:
        """Take a call back, unless its turn has come this very moment. Raises TimeoutError."""
        with self._lock:
            if mine.turn.acquire(blocking=False):
                return
            if mine in self._waiting:
                self._waiting.remove(mine)
        raise TimeoutError

    def _have_hands(self) -> None:
        with self._lock:
            while len(self._hands) < HANDS:
                self._hands.append(Thread(target=self._work, name="group commit", daemon=True))
                self._hands[-1].start()

    def _work(self) -> None:
        """Lead whenever one has to who keeps no thread."""
        while True:
            self._hands_wanted.acquire()
            try:
                self._lead()
            except BaseException as error:
                complain(log, "batch failed", error)

    def _lead(self, mine: _Call[T, R] | None = None) -> None:
        """Carry out all that waits; `mine` is the call, the first of it, whose thread this is."""
        with self._lock:
            self._wanted = self._last // 2
            self._company.wait_for(lambda: len(self._waiting) >= self._wanted, self._company_s)
            self._wanted, self._last = 0, min(self._most, len(self._waiting))
            batch = self._under_way = [self._waiting.popleft() for _ in range(self._last)]
        outcomes: list[R | Exception] = []
        try:
            # Of those who would be told later all may have lost their patience.
            outcomes += self._carry_out([each.item for each in batch]) if batch else ()
            _settle(batch, outcomes)
        except BaseException as error:
            # Whatever it is, those who wait must hear of it.
            _settle(batch, [error] * len(batch))
            raise
        finally:
            self._hand_on([each for each in batch if each is not mine])
        self._afterwards(outcomes)

    def _hand_on(self, done: Sequence[_Waiting[T, R]]) -> None:
        """Wake those who have their outcome, and whoever leads next."""
        with self._lock:
            self._under_way = []
            self._led = bool(self._waiting)
            # Under the lock, for one of them may be giving up.
            for each in done:
                if isinstance(each, _Call):
                    each.turn.release()
            if self._waiting:
                first = self._waiting[0]
                (first.turn if isinstance(first, _Call) else self._hands_wanted).release()
            told = _taken(each for each in done if isinstance(each, _Later))
        _tell(told)


def _settle(batch: Sequence[_Waiting[T, R]], outcomes: Sequence[R | BaseException]) -> None:
    for each, outcome in zip(batch, outcomes, strict=True):
        each.outcome = outcome


_Told: TypeAlias = list[tuple[Callable[[R | BaseException], object], R | BaseException]]


def _taken(calls: Iterable[_Later[T, R]]) -> _Told[R]:
    """Take of calls whom to tell what; none is told twice. Under the lock."""
    told: _Told[R] = []
    for each in calls:
        if each.then is not None:
            told.append((each.then, cast("R | BaseException", each.outcome)))
            each.then = None
    return told


def _tell(told: _Told[R]) -> None:
    for then, outcome in told:
        try:
            then(outcome)
        except Exception as error:
            # The others are to hear of theirs.
            complain(log, "not told", error)


def together_or_apart(
    carry_out: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T], hits_all: Callable[[Exception], bool]
) -> list[R | Exception]:
    """Carry out items in one go; where that raises, each by itself, so that one which is refused harms no other.

    Returns for each its result or what it raised. What `hits_all` is not tried again: all of them have met it.
    """
    try:
        return list(carry_out(items))
    except Exception as error:
        if len(items) == 1 or hits_all(error):
            return [error] * len(items)
    return [outcome for each in items for outcome in together_or_apart(carry_out, [each], hits_all)]
