"""Group commit: calls that wait at the same time are carried out together, one transaction for all of them.

Whoever finds nobody at work leads, and carries out all that waits, his own call included; what comes meanwhile waits,
and the first of it leads next. So batches grow with the load. Nobody waits for company, but for a moment after a larger
batch: as many are about to come again, and a transaction for the first of them alone would cost as much as for all.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from threading import Condition, Lock
from typing import Final, Generic, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 64
"""So many are carried out at once: a batch is to end long before anybody's patience."""
COMPANY_S: Final = 0.003
"""How long a leader waits until he has half as many with him as were in the batch before."""


_NONE: Final = object()


class _Call(Generic[T, R]):
    """A call that waits: `turn` is let go of when it has its outcome, or else has to lead."""

    __slots__ = ("item", "outcome", "turn")

    def __init__(self, item: T) -> None:
        self.item = item
        self.outcome: R | BaseException | object = _NONE
        # The cheapest thing that a thread can wait for.
        self.turn = Lock()
        self.turn.acquire()


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
        self._waiting: deque[_Call[T, R]] = deque()
        self._led = False
        self._last = self._wanted = 0
        """How many were in the last batch, and for how many a leader waits."""

    def __call__(self, item: T, patience_s: float) -> R:
        """Return what became of an item, or raise it.

        Raises TimeoutError when it waited for so many seconds for its turn, or for the batch that it is in; of the
        latter nobody knows what becomes.
        """
        mine = _Call[T, R](item)
        with self._lock:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
            if len(self._waiting) == self._wanted:
                self._company.notify()
        if not leads and not mine.turn.acquire(timeout=patience_s):
            self._give_up(mine)
        if mine.outcome is _NONE:
            self._lead()
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return cast("R", mine.outcome)

    @property
    def waiting(self) -> int:
        """How many wait for a batch to end before theirs begins."""
        return len(self._waiting)

    def _give_up(self, mine: _Call[T, R]) -> None:
        """Take a call back, unless its turn has come this very moment. Raises TimeoutError."""
        with self._lock:
            if mine.turn.acquire(blocking=False):
                return
            if mine in self._waiting:
                self._waiting.remove(mine)
        raise TimeoutError

    def _lead(self) -> None:
        """Carry out all that waits; whoever leads is the first of it."""
        with self._lock:
            self._wanted = self._last // 2
            self._company.wait_for(lambda: len(self._waiting) >= self._wanted, self._company_s)
            self._wanted, self._last = 0, min(self._most, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(self._last)]
        outcomes: list[R | Exception] = []
        try:
            outcomes += self._carry_out([each.item for each in batch])
            for each, outcome in zip(batch, outcomes, strict=True):
                each.outcome = outcome
        except BaseException as error:
            # Whatever it is, those who wait must hear of it.
            for each in batch:
                each.outcome = error
            raise
        finally:
            self._hand_on(batch[1:])
        self._afterwards(outcomes)

    def _hand_on(self, done: list[_Call[T, R]]) -> None:
        """Wake those who have their outcome, and whoever leads next."""
        with self._lock:
            self._led = bool(self._waiting)
            # Under the lock, for one of them may be giving up.
            for each in (*done, *islice(self._waiting, 1)):
                each.turn.release()


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
