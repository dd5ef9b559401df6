"""Deciding a line that waits: the decide process beside other job queues, and on a small and on a large register."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from redis import Redis

from tests.benchmarks.stack.figures import Figure, Setting
from tests.benchmarks.stack.line import decided, lay, register
from tests.benchmarks.stack.peers.table import HERE, PEERS, Peer
from tests.benchmarks.stack.place import MeasureError, Place, place, until
from tests.benchmarks.stack.texts import MOST
from worker.bell.bell import Bell
from worker.up.redis_server import start_redis

MEASURE = "decide"
WARMING = 20
Spent = tuple[float, float]
"""Texts a second, and milliseconds of CPU a text: of the workers, their Redis and PostgreSQL together."""
WHOLE = ", from request to decision"


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield texts/s and CPU a text of ours, of each peer, and of ours on both registers."""
    ours: dict[str, list[Spent]] = {"decide": [], "whole": []}
    yield from _told(setting, "baobei", ours["decide"], partial(_ours, setting, 0))
    yield from _told(setting, f"baobei{WHOLE}", ours["whole"], partial(_through_http, setting))
    theirs: dict[str, list[Spent]] = {"decide": [], "whole": []}
    for peer in PEERS:
        if not setting.peers or peer.package in setting.peers:
            for kind, found in theirs.items():
                name = peer.name + WHOLE * (kind == "whole")
                yield from _told(setting, name, found, partial(_of_peer, setting, peer, kind))
    for kind in ours:
        if ours[kind] and theirs[kind]:
            [(rate, cpu)], behind = ours[kind], WHOLE * (kind == "whole")
            best, thriftiest = max(rate for rate, _ in theirs[kind]), min(cpu for _, cpu in theirs[kind])
            yield setting.figure(MEASURE, f"texts/s, baobei ÷ the best peer{behind}", rate / best, better="higher")
            name = f"CPU a text, the best peer ÷ baobei{behind}"
            yield setting.figure(MEASURE, name, thriftiest / cpu, better="higher")
    yield from _registers(setting)


def _told(setting: Setting, name: str, found: list[Spent], measured: Callable[[], Spent]) -> Iterator[Figure]:
    """Yield two figures and add them to `found`, or say why they could not be measured."""
    try:
        rate, cpu = measured()
    except MeasureError as error:
        yield setting.figure(MEASURE, name, None, note=str(error))
        return
    found.append((rate, cpu))
    yield setting.figure(MEASURE, name, rate, "texts/s")
    yield setting.figure(MEASURE, f"{name}: CPU", cpu, "ms a text")


def _registers(setting: Setting) -> Iterator[Figure]:
    found: list[Spent] = []
    for count in setting.sizes.registers:
        yield from _told(setting, f"baobei, {count:,} live registrations", found, partial(_ours, setting, count))
    if len(found) == len(setting.sizes.registers):
        name = f"CPU with {setting.sizes.registers[-1]:,} live registrations ÷ with {setting.sizes.registers[0]:,}"
        yield setting.figure(MEASURE, name, found[-1][1] / found[0][1], better="lower")


def _ours(setting: Setting, registered: int) -> Spent:
    """Return texts/s, and ms of CPU a text, of the decide process alone on a line of undecided texts."""
    texts = setting.sizes.texts
    setting.tell(f"decide: {texts} texts" + (f", {registered:,} live registrations" if registered else ""))
    with place(setting.server, setting.folder, setting.guard) as ours:
        if registered:
            register(ours.engine, ours.site.id, registered, MOST - 1)
        ours.start_product(["decide"])
        bell = Bell(Redis.from_url(ours.redis_url()))

        def decide(first: int, count: int) -> float:
            lay(ours.engine, ours.site.id, range(first, first + count))
            whole = _reached(ours, count)
            ours.begin()
            began = time.monotonic()
            # A single ring may be lost; while one waits, further ones add nothing.
            while not whole():
                if time.monotonic() > began + setting.sizes.patience_s:
                    raise MeasureError(f"{count} texts were not decided within {setting.sizes.patience_s:.0f} s")
                bell.ring_decide(ours.site.id)
                time.sleep(0.05)
            return time.monotonic() - began

        decide(0, WARMING)
        return texts / decide(WARMING, texts), 1000 * sum(ours.used_s().values()) / texts


def _through_http(setting: Setting) -> Spent:
    """Return texts/s and ms of CPU a text from the first request to the last decision, by web and decide."""
    texts = setting.sizes.texts
    setting.tell(f"decide: {texts} texts by HTTP")
    with place(setting.server, setting.folder, setting.guard) as ours:
        # The sweeper sees to rings that were lost: on a machine with more to do Redis may answer too late for one.
        ours.start_product(["web", "decide", "sweeper"])
        whole = _reached(ours, WARMING)
        ours.load(ours.texts(0, WARMING, 4)).posts(60)
        until(whole, 30, "nothing was decided")
        whole = _reached(ours, texts)
        load = ours.load(ours.texts(WARMING, texts, 16))
        began = time.monotonic()
        until(whole, setting.sizes.patience_s, f"{texts} texts were not taken and decided")
        spent = texts / (time.monotonic() - began), 1000 * sum(ours.used_s().values()) / texts
        load.posts(30)
        return spent


def _of_peer(setting: Setting, peer: Peer, kind: str) -> Spent:
    """Return texts/s and ms of CPU a text of a peer's worker, from its first texts on. Raises MeasureError."""
    if peer.postgresql_only and setting.server.kind != "postgresql":
        raise MeasureError("it works on PostgreSQL alone")
    if not peer.installed:
        raise MeasureError("`pip install -e '.[bench]'` installs it")
    jobs = setting.sizes.jobs
    setting.tell(f"decide: {jobs} jobs of {peer.name}, {kind}")
    with _with_redis(setting, peer) as at:
        if kind == "decide":
            lay(at.engine, at.site.id, range(WARMING + jobs))
        begun, whole = _reached(at, WARMING), _reached(at, WARMING + jobs)
        _run(at, "-m", f"{HERE}.enqueue", peer.module, kind, "0", str(WARMING + jobs))
        worker = at.start(*peer.words, measured=True)
        try:
            until(begun, 60, "nothing was decided", every_s=0.01)
        except MeasureError as error:
            raise MeasureError(f"{error}; its last words: {at.said(worker)}") from None
        at.begin()
        began, first = time.monotonic(), decided(at.engine, at.site.id)
        until(whole, setting.sizes.patience_s, f"{jobs} jobs were not done", every_s=0.01)
        done = decided(at.engine, at.site.id) - first
        spent = done / (time.monotonic() - began), 1000 * sum(at.used_s().values()) / done
        at.stop(worker, grace_s=0.5)
        return spent


@contextmanager
def _with_redis(setting: Setting, peer: Peer) -> Iterator[Place]:
    with place(setting.server, setting.folder, setting.guard) as at:
        redis = start_redis(at.folder, setting.guard)
        at.more |= {"REDIS_URL": redis.url, **peer.environ}
        at.measured.append(redis.process)
        try:
            yield at
        finally:
            at.measured.remove(redis.process)
            redis.stop()


def _run(at: Place, *words: str) -> None:
    process = at.start(*words)
    if process.wait(120):
        raise MeasureError(f"{words[-4]} could not be given its jobs: {at.said(process)}")


def _reached(at: Place, texts: int) -> Callable[[], bool]:
    """Return what tells whether so many texts more than now are decided."""
    wanted = decided(at.engine, at.site.id) + texts
    return lambda: decided(at.engine, at.site.id) >= wanted
