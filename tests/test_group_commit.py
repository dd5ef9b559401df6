"""Group commit: who waits together is carried out together, each gets its own, and nobody waits for ever."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.infrastructure.waiting import eventually
from worker.group_commit import Together, together_or_apart

LONG_S = 60.0


class DeathError(BaseException):
    """What ends a thread, and is no `Exception`."""


class Doors:
    """A `carry_out` that stands still in each batch until it is let through, and writes down what it was given."""

    def __init__(self, becomes: Callable[[int], int | Exception] = lambda item: 10 * item) -> None:
        self.batches: list[list[int]] = []
        self._begun: SimpleQueue[None] = SimpleQueue()
        self._through: SimpleQueue[BaseException | None] = SimpleQueue()
        self._becomes = becomes

    def __call__(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self._begun.put(None)
        error = self._through.get(timeout=LONG_S)
        if error is not None:
            raise error
        return [self._becomes(item) for item in items]

    def begun(self) -> None:
        """Wait until another batch has begun."""
        self._begun.get(timeout=LONG_S)

    def let_through(self, error: BaseException | None = None) -> None:
        """Let a batch end, or raise."""
        self._through.put(error)


class Callers:
    """Threads that call; each waits in its place when `call` returns."""

    def __init__(self, together: Together[int, int]) -> None:
        self._together = together
        self._threads = ThreadPoolExecutor(32)

    def call(self, item: int, patience_s: float = LONG_S) -> "Future[int]":
        """Call while a batch is under way; return once the call waits behind it."""
        before = self._together.waiting
        future = self._threads.submit(self._together, item, patience_s)
        eventually(lambda: self._together.waiting > before, "it waits")
        return future

    def lead(self, item: int, doors: Doors) -> "Future[int]":
        """Call while nobody does; return once its batch has begun."""
        future = self._threads.submit(self._together, item, LONG_S)
        doors.begun()
        return future

    def close(self) -> None:
        """Wait for every call to end."""
        self._threads.shutdown()


@pytest.fixture
def doors() -> Doors:
    return Doors(lambda item: ValueError(f"{item} is bad") if item < 0 else 10 * item)


@pytest.fixture
def together(doors: Doors) -> Together[int, int]:
    return Together(doors, most=4)


@pytest.fixture
def callers(together: Together[int, int]) -> Iterator[Callers]:
    callers = Callers(together)
    yield callers
    callers.close()


class Told:
    """What those were told who called `later`; `then(NAME)` is what tells them."""

    def __init__(self) -> None:
        self.of: dict[object, list[object]] = {}

    def then(self, name: object) -> Callable[[object], None]:
        """Return what keeps the outcome of a call."""
        return lambda outcome: self.of.setdefault(name, []).append(outcome)

    def come(self, *names: object) -> list[object]:
        """Wait until each of these has its outcome; return them."""
        eventually(lambda: all(name in self.of for name in names), "all are told")
        return [only for name in names for only in self.of[name]]


def results(futures: Sequence["Future[int]"]) -> list[int]:
    return [future.result(LONG_S) for future in futures]


def test_who_comes_while_a_batch_is_under_way_is_of_the_next_in_order(doors: Doors, callers: Callers) -> None:
    futures = [callers.lead(1, doors), *map(callers.call, (2, 3, 4, 5, 6, 7))]
    for _ in range(3):
        doors.let_through()
    assert results(futures) == [10, 20, 30, 40, 50, 60, 70]
    assert doors.batches == [[1], [2, 3, 4, 5], [6, 7]]


def test_one_that_is_bad_harms_no_other(doors: Doors, callers: Callers) -> None:
    futures = [callers.lead(1, doors), *map(callers.call, (2, -3, 4))]
    for _ in range(2):
        doors.let_through()
    assert results([futures[1], futures[3]]) == [20, 40]
    with pytest.raises(ValueError, match="-3 is bad"):
        futures[2].result(LONG_S)


@pytest.mark.parametrize("error", [OSError("the disk is full"), DeathError("killed")])
def test_what_a_batch_raises_all_of_it_raise_and_the_next_goes_on(
    doors: Doors, callers: Callers, error: BaseException
) -> None:
    first = callers.lead(1, doors)
    second, third = callers.call(2), callers.call(3)
    doors.let_through()
    doors.begun()
    fourth = callers.call(4)
    doors.let_through(error)
    doors.let_through()
    assert first.result(LONG_S) == 10
    for future in (second, third):
        assert future.exception(LONG_S) is error
    assert fourth.result(LONG_S) == 40
    assert doors.batches == [[1], [2, 3], [4]]


def test_outcomes_that_are_too_few_are_nobodys(callers: Callers) -> None:
    short: Together[int, int] = Together(lambda items: [])
    with pytest.raises(ValueError, match="zip"):
        short(1, LONG_S)
    with pytest.raises(ValueError, match="zip"):
        short(2, LONG_S)


def test_who_loses_patience_before_his_turn_takes_his_call_back(
    together: Together[int, int], doors: Doors, callers: Callers
) -> None:
    first, second = callers.lead(1, doors), callers.call(2)
    with pytest.raises(TimeoutError):
        together(3, 0.01)
    fourth = callers.call(4)
    for _ in range(2):
        doors.let_through()
    assert results([first, second, fourth]) == [10, 20, 40]
    assert doors.batches == [[1], [2, 4]]


def test_a_batch_goes_on_without_one_who_has_lost_patience(doors: Doors, callers: Callers) -> None:
    first, second, third = callers.lead(1, doors), callers.call(2), callers.call(3, 2)
    doors.let_through()
    doors.begun()
    assert isinstance(third.exception(LONG_S), TimeoutError)
    fourth = callers.call(4)
    for _ in range(2):
        doors.let_through()
    assert results([first, second, fourth]) == [10, 20, 40]
    assert doors.batches == [[1], [2, 3], [4]]


def test_what_comes_afterwards_keeps_only_its_leader_waiting() -> None:
    told: list[list[int | Exception]] = []
    go_on = threading.Event()

    def afterwards(outcomes: list[int | Exception]) -> None:
        told.append(outcomes)
        if len(told) == 2:
            go_on.wait(LONG_S)

    doors = Doors()
    callers = Callers(Together(doors, afterwards))
    first = callers.lead(1, doors)
    second, third = callers.call(2), callers.call(3)
    doors.let_through()
    doors.let_through()
    assert results([first, third]) == [10, 30]
    doors.begun()
    fourth = callers.lead(4, doors)
    doors.let_through()
    assert fourth.result(LONG_S) == 40
    assert not second.done()
    go_on.set()
    assert second.result(LONG_S) == 20
    assert told == [[10], [20, 30], [40]]
    callers.close()


def test_who_does_not_wait_is_told_by_another_thread_in_one_batch_with_those_who_do(
    together: Together[int, int], doors: Doors, callers: Callers
) -> None:
    told = Told()
    together.later(1, LONG_S, told.then(1))
    doors.begun()
    together.later(2, LONG_S, told.then(2))
    third = callers.call(3)
    together.later(-4, LONG_S, told.then(-4))
    together.later(5, LONG_S, told.then(5))
    together.later(6, LONG_S, told.then(6))
    for _ in range(3):
        doors.let_through()
    assert (told.come(1, 2, 5, 6), third.result(LONG_S)) == ([10, 20, 50, 60], 30)
    assert [str(error) for error in told.come(-4)] == ["-4 is bad"]
    assert doors.batches == [[1], [2, 3, -4, 5], [6]]


@pytest.mark.parametrize("error", [OSError("the disk is full"), DeathError("killed")])
def test_who_does_not_wait_is_told_what_his_batch_raised_and_the_next_goes_on(
    together: Together[int, int], doors: Doors, callers: Callers, error: BaseException
) -> None:
    told = Told()
    together.later(1, LONG_S, told.then(1))
    doors.begun()
    together.later(2, LONG_S, told.then(2))
    doors.let_through(error)
    doors.let_through()
    assert told.come(1, 2) == [error, 20]
    # A thread of ours leads on, whatever a batch has raised.
    assert callers.lead(3, doors).done() is False
    together.later(4, LONG_S, told.then(4))
    doors.let_through()
    doors.let_through()
    assert told.come(4) == [40]


def test_whose_patience_ends_is_told_so_once_whether_his_batch_is_under_way_or_not(
    together: Together[int, int], doors: Doors, callers: Callers
) -> None:
    told = Told()
    together.later(1, 0.0, told.then(1))
    doors.begun()
    together.later(2, 0.0, told.then(2))
    together.later(3, LONG_S, told.then(3))
    fourth = callers.call(4)
    together.end_patience()
    assert [type(outcome) for outcome in told.come(1, 2)] == [TimeoutError] * 2
    together.end_patience()
    doors.let_through()
    doors.let_through()
    assert (told.come(3), fourth.result(LONG_S)) == ([30], 40)
    assert doors.batches == [[1], [3, 4]]
    assert {name: len(outcomes) for name, outcomes in told.of.items()} == {1: 1, 2: 1, 3: 1}


def test_where_all_have_lost_their_patience_nothing_is_carried_out_and_the_next_call_is(
    together: Together[int, int], doors: Doors
) -> None:
    told = Told()
    together.later(1, LONG_S, told.then(1))
    doors.begun()
    together.later(2, 0.0, told.then(2))
    together.end_patience()
    doors.let_through()
    together.later(3, LONG_S, told.then(3))
    doors.let_through()
    assert told.come(1, 3) == [10, 30]
    assert doors.batches == [[1], [3]]


def test_one_who_cannot_be_told_harms_no_other(together: Together[int, int], doors: Doors) -> None:
    told = Told()

    def deaf(outcome: object) -> None:
        raise ValueError

    together.later(1, LONG_S, told.then(1))
    doors.begun()
    together.later(2, LONG_S, deaf)
    together.later(3, LONG_S, told.then(3))
    for _ in range(2):
        doors.let_through()
    assert told.come(1, 3) == [10, 30]


@given(
    calls=st.lists(st.lists(st.sampled_from([LONG_S, LONG_S, 0.0005, 0.0]), max_size=12), min_size=2, max_size=8),
    most=st.integers(1, 5),
    bad=st.integers(2, 7),
)
def test_no_call_is_lost_or_carried_out_twice(calls: list[list[float]], most: int, bad: int) -> None:
    carried: list[tuple[int, int]] = []

    def carry_out(items: list[tuple[int, int]]) -> list[tuple[int, int] | Exception]:
        carried.extend(items)
        if len(carried) % bad == 0:
            raise DeathError
        return [ValueError(item) if sum(item) % bad == 0 else item for item in items]

    together: Together[tuple[int, int], tuple[int, int]] = Together(carry_out, most=most)
    told = Told()

    def call(thread: int) -> None:
        for number, patience_s in enumerate(calls[thread]):
            item = (thread, number)
            if thread % 2:
                # Every other thread does not wait.
                together.later(item, patience_s, told.then(item))
                together.end_patience()
            else:
                told.then(item)(outcome_of(partial(together, item, patience_s)))

    with ThreadPoolExecutor(len(calls)) as threads:
        for done in [threads.submit(call, thread) for thread in range(len(calls))]:
            done.result(LONG_S)
    wanted = [(thread, number) for thread, its in enumerate(calls) for number, _ in enumerate(its)]
    outcomes = told.come(*wanted)
    assert together.waiting == 0
    assert len(outcomes) == len(wanted)
    for item, outcome in zip(wanted, outcomes, strict=True):
        assert repr(outcome) in (repr(item), repr(ValueError(item))) or isinstance(outcome, TimeoutError | DeathError)
    late = {item for item, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, TimeoutError)}
    assert len(carried) == len(set(carried))
    assert set(wanted) - late <= set(carried) <= set(wanted)
    for thread in range(len(calls)):
        mine = [number for whose, number in carried if whose == thread]
        assert mine == sorted(mine)


def outcome_of(call: Callable[[], object]) -> object:
    """Return what a call returns, or what it raises."""
    try:
        return call()
    except (ValueError, TimeoutError, DeathError) as error:
        return error


def test_each_is_tried_by_itself_where_one_may_be_why_all_failed() -> None:
    tried: list[list[int]] = []

    def carry_out(items: Sequence[int]) -> list[int]:
        tried.append(list(items))
        if 2 in items:
            raise ValueError("2 is bad")
        return [10 * item for item in items]

    outcomes = together_or_apart(carry_out, [1, 2, 3], lambda error: False)
    assert [str(outcome) for outcome in outcomes] == ["10", "2 is bad", "30"]
    assert tried == [[1, 2, 3], [1], [2], [3]]
    tried.clear()
    assert [str(one) for one in together_or_apart(carry_out, [1, 2], lambda error: True)] == ["2 is bad"] * 2
    assert tried == [[1, 2]]


def test_after_a_larger_batch_a_leader_waits_a_moment_for_half_as_many(doors: Doors) -> None:
    callers = Callers(Together(doors, most=4, company_s=LONG_S))
    futures = [callers.lead(1, doors), *map(callers.call, (2, 3, 4, 5))]
    for _ in range(2):
        doors.let_through()
    assert results(futures) == [10, 20, 30, 40, 50]
    doors.begun()
    futures = [callers.call(6), callers.lead(7, doors)]
    doors.let_through()
    assert results(futures) == [60, 70]
    assert doors.batches == [[1], [2, 3, 4, 5], [6, 7]]
    callers.close()


def test_it_does_not_wait_in_vain(doors: Doors) -> None:
    callers = Callers(Together(doors, most=4, company_s=0.001))
    futures = [callers.lead(1, doors), *map(callers.call, (2, 3, 4, 5))]
    for _ in range(3):
        doors.let_through()
    futures.append(callers.lead(6, doors))
    assert results(futures) == [10, 20, 30, 40, 50, 60]
    callers.close()
