"""Texts that wait for one transaction together, and what becomes of them when it fails, or the process dies in it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from tests.infrastructure.serving import AGENT, SITE_NUMBER, open_line, runtime_of
from tests.infrastructure.waiting import eventually
from worker.crash_points import watching
from worker.gateways.base import Inbound
from worker.line.door import ReadyText, Receipt, accept_all
from worker.processes.feeder import feeder_of
from worker.runtime import Runtime
from worker.store.schema import inbox

TOGETHER = ("b", "c", "d", "c", "e")


class KilledError(BaseException):
    """The process has died."""


@pytest.fixture
def runtime(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    runtime = runtime_of(tmp_path, database_url, redis_url)
    runtime.lock_wait_ms = 60_000
    open_line(runtime.engine)
    yield runtime
    runtime.close()


def text(message_id: str) -> Inbound:
    return Inbound("sandbox", message_id, AGENT, SITE_NUMBER, f"查 R{ord(message_id)}")


def in_line(engine: Engine) -> list[str]:
    query = select(inbox.c.provider_id).where(inbox.c.kind == "text").order_by(inbox.c.seq)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


@contextmanager
def waiting_together(runtime: Runtime, happens: Callable[[str], None]) -> Iterator[list["Future[Receipt]"]]:
    """Take in a text whose commit waits for all the others to stand behind it; at the points of theirs `happens`."""
    first = ["accept.commit.before", "accept.commit.after"]

    def meet(point: str) -> None:
        if not first:
            happens(point)
        elif point == first.pop(0) == "accept.commit.before":
            eventually(lambda: runtime.intake.waiting == len(TOGETHER), "all the others wait")

    with ThreadPoolExecutor(8) as threads, watching(meet):
        futures = [threads.submit(runtime.intake.take_in, text("a"))]
        eventually(lambda: len(first) == 1, "the first is about to be committed")
        for message_id in TOGETHER:
            before = runtime.intake.waiting
            futures.append(threads.submit(runtime.intake.take_in, text(message_id)))
            eventually(lambda before=before: not first or runtime.intake.waiting > before, "it waits")  # type: ignore[misc]
        yield futures


def test_those_that_wait_are_one_transaction_in_their_order(runtime: Runtime) -> None:
    points: list[str] = []
    with waiting_together(runtime, points.append) as futures:
        outcomes = [future.result().outcome for future in futures]
    assert outcomes == ["accepted", "accepted", "accepted", "accepted", "repeated", "accepted"]
    assert [point for point in points if point.startswith("accept")] == ["accept.commit.before", "accept.commit.after"]
    assert in_line(runtime.engine) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_process_that_dies_at_their_commit_has_answered_none_and_keeps_all_or_nothing(
    runtime: Runtime, side: str
) -> None:
    def die(point: str) -> None:
        if point == f"accept.commit.{side}":
            raise KilledError

    with waiting_together(runtime, die) as futures:
        assert [type(future.exception()) for future in futures[1:]] == [KilledError] * len(TOGETHER)
    assert in_line(runtime.engine) == (["a"] if side == "before" else ["a", "b", "c", "d", "e"])
    assert runtime.spool.is_empty()
    # Nobody got an answer, so each comes again.
    again = [runtime.intake.take_in(text(message_id)).outcome for message_id in "abcde"]
    assert again == ["repeated", *["accepted" if side == "before" else "repeated"] * 4]
    assert in_line(runtime.engine) == ["a", "b", "c", "d", "e"]


def test_where_their_commit_fails_all_of_them_wait_in_the_spool(runtime: Runtime) -> None:
    def fail(point: str) -> None:
        if point == "accept.commit.before":
            raise OperationalError("COMMIT", None, OSError("the disk is full"))

    with waiting_together(runtime, fail) as futures:
        assert [future.result().outcome for future in futures] == ["accepted", *["spooled"] * len(TOGETHER)]
    assert in_line(runtime.engine) == ["a"]
    assert len(runtime.spool.waiting()) == len(TOGETHER)
    assert feeder_of(runtime).feed() == len(TOGETHER)
    assert in_line(runtime.engine) == ["a", "b", "c", "d", "e"]


def test_a_site_is_rung_for_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(runtime.bell, "ring_decide", rung.append)
    with waiting_together(runtime, lambda point: None) as futures:
        for future in futures:
            future.result()
    assert rung == [1, 1]


def test_many_that_wait_together_are_told_of_as_a_crowd(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    crowds: list[bool] = []
    monkeypatch.setattr(runtime.bell, "tell_crowd", lambda: crowds.append(True))
    for number in range(5):
        runtime.intake.take_in(text(chr(0x4E00 + number)))
    assert not crowds
    go_on, told = Event(), []

    def slow(engine: Engine, arrivals: Sequence[ReadyText]) -> list[Receipt | Exception]:
        assert go_on.wait(60)
        return accept_all(engine, arrivals)

    monkeypatch.setattr("worker.line.intake.accept_all", slow)
    for number in range(60):
        runtime.intake.take_in_later(text(chr(0x5E00 + number)), told.append)
    go_on.set()
    eventually(lambda: crowds and len(told) == 60, "all are told, and somebody of the crowd")
