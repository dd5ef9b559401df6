"""Bursts at the webhook, beside a view that does nothing but check the signature."""

import time
from collections.abc import Iterator
from functools import partial

from tests.benchmarks.stack.figures import Figure, Setting, share
from tests.benchmarks.stack.load import Post
from tests.benchmarks.stack.place import Place, place, until
from tests.benchmarks.stack.processes import cpu_s, family
from tests.benchmarks.stack.texts import MOST
from tests.infrastructure.trickling import trickling

MEASURE = "webhook"
MOST_A_SECOND = 4_000
"""More than any view of Flask answers here."""
WARMING = 32


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield requests/s and waits of both at each number of connections, and how long the answers then took."""
    for connections in setting.sizes.connections:
        at = f"{connections} connections"
        setting.tell(f"webhook, {at}: empty view")
        with place(setting.server, setting.folder, setting.guard) as empty:
            process = empty.start("-m", "tests.benchmarks.stack.empty_view", measured=True)
            until(partial(_warmed, empty), 20, "the empty view did not answer", every_s=0.1)
            before = cpu_s(family(process.pid))
            posts = _burst(empty, setting, connections)
            spent = sum(cpu_s(family(process.pid)).values()) - sum(before.values())
            bare = rate(posts)
        yield setting.figure(MEASURE, f"{at}: empty view", bare, "requests/s")
        yield setting.figure(MEASURE, f"{at}: empty view, CPU", 1000 * spent / len(posts), "ms a request")
        yield setting.figure(MEASURE, f"{at}: empty view, p99", 1000 * share(waits(posts), 0.99), "ms")
        yield from _ours(setting, connections, bare, 1000 * spent / len(posts))
    yield from _beside_slow_ones(setting)


def _ours(setting: Setting, connections: int, bare: float, bare_ms: float) -> Iterator[Figure]:
    at = f"{connections} connections"
    setting.tell(f"webhook, {at}: baobei")
    with place(setting.server, setting.folder, setting.guard) as ours:
        ours.start_twilio()
        ours.start_product()
        until(partial(_warmed, ours), 20, "the webhook did not answer")
        posts = _burst(ours, setting, connections)
        ended, used = time.monotonic(), ours.used_s()
        refused = sum(post.status != 200 for post in posts)
        yield setting.figure(MEASURE, f"{at}: baobei", rate(posts), "requests/s")
        yield setting.figure(MEASURE, f"{at}: of the empty view", rate(posts) / bare, better="higher")
        for part in (0.5, 0.99):
            yield setting.figure(MEASURE, f"{at}: p{100 * part:.0f}", 1000 * share(waits(posts), part), "ms")
        yield setting.figure(MEASURE, f"{at}: refused or unanswered", refused, "requests")
        heard = ours.asked("/tally")["callbacks"]
        web_ms = 1000 * (used["web worker"] + used["web master"]) / (len(posts) + heard)
        note = f"{len(posts)} texts, {heard} callbacks"
        yield setting.figure(MEASURE, f"{at}: CPU of the web process", web_ms, "ms a request", note=note)
        yield setting.figure(MEASURE, f"{at}: CPU a request ÷ the empty view's", web_ms / bare_ms, better="lower")
        yield from _until_answered(setting, ours, at, posts, ended)


def _beside_slow_ones(setting: Setting) -> Iterator[Figure]:
    connections, slow = setting.sizes.connections[0], setting.sizes.slow
    setting.tell(f"webhook, {connections} connections beside {slow} that send a byte a second")
    with place(setting.server, setting.folder, setting.guard) as ours:
        ours.start_product(["web"])
        until(partial(_warmed, ours), 20, "the webhook did not answer")
        alone = rate(_burst(ours, setting, connections))
        with trickling(ours.port, slow):
            posts = _burst(ours, setting, connections, MOST)
        yield setting.figure(MEASURE, f"beside {slow} slow connections: p99", 1000 * share(waits(posts), 0.99), "ms")
        name = f"requests/s beside {slow} slow connections ÷ without, web process alone"
        yield setting.figure(MEASURE, name, rate(posts) / alone, better="higher")


def _until_answered(setting: Setting, ours: Place, at: str, posts: list[Post], ended: float) -> Iterator[Figure]:
    taken = [post.text for post in posts if post.status == 200]
    found = ours.answered(taken, setting.sizes.patience_s)
    missing = len(taken) - len(found)
    seconds = max(found.values(), default=ended) - ended
    note = f"{missing} of {len(taken)} not answered {setting.sizes.patience_s:.0f} s after it" if missing else ""
    yield setting.figure(MEASURE, f"{at}: all answered after the burst", None if missing else seconds, "s", note=note)


def _burst(at: Place, setting: Setting, connections: int, first: int = WARMING) -> list[Post]:
    seconds = setting.sizes.burst_s
    plan = at.texts(first, int(MOST_A_SECOND * seconds), connections, seconds=seconds, patience_s=15.0)
    return at.load(plan).posts(seconds + 30)


def _warmed(at: Place) -> bool:
    """Tell whether each worker answers by now; its first requests pay for what is loaded at first use."""
    posts = at.load(at.texts(0, WARMING, 8, patience_s=5.0, seconds=5.0)).posts(20)
    return all(post.status == 200 for post in posts) and len(posts) == WARMING


def rate(posts: list[Post]) -> float:
    """Return how many were taken a second."""
    answered = [post for post in posts if post.status == 200]
    if not answered:
        return 0.0
    return len(answered) / (max(post.answered for post in answered) - min(post.due for post in posts))


def waits(posts: list[Post]) -> list[float]:
    """Return the seconds from when each answered one was due to its answer."""
    return [post.answered - post.due for post in posts if post.answered]
