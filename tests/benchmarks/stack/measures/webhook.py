"""Bursts at the webhook, beside a view that does nothing but check the signature."""

import time
from collections.abc import Iterator

from tests.benchmarks.stack.figures import Figure, Setting, share
from tests.benchmarks.stack.load import Post
from tests.benchmarks.stack.place import Place, place, until
from tests.benchmarks.stack.processes import cpu_s, family

MEASURE = "webhook"
MOST_A_SECOND = 4_000
"""More than any view of Flask answers here."""
WARMING = 32


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield requests/s and waits of both at each number of connections, and how long the answers then took."""
    for connections in setting.sizes.connections:
        at, name = f"{connections} connections", f"webhook, {connections} connections"
        setting.tell(f"{name}: empty view")
        with place(setting.server, setting.folder, setting.guard) as empty:
            process = empty.start("-m", "tests.benchmarks.stack.empty_view", measured=True)
            until(lambda: _warmed(empty), 20, "the empty view did not answer", every_s=0.1)
            before = cpu_s(family(process.pid))
            posts = _burst(empty, setting, connections)
            spent = sum(cpu_s(family(process.pid)).values()) - sum(before.values())
            bare = _rate(posts)
            yield setting.figure(MEASURE, f"{at}: empty view", bare, "requests/s")
            yield setting.figure(MEASURE, f"{at}: empty view, CPU", 1000 * spent / len(posts), "ms a request")
            yield setting.figure(MEASURE, f"{at}: empty view, p99", 1000 * share(_waits(posts), 0.99), "ms")
        setting.tell(f"{name}: baobei")
        with place(setting.server, setting.folder, setting.guard) as ours:
            ours.start_twilio()
            ours.start_product()
            until(lambda: _warmed(ours), 20, "the webhook did not answer")
            posts = _burst(ours, setting, connections)
            ended = time.monotonic()
            used = ours.used_s()
            yield from _of_ours(setting, at, posts, bare)
            web = sum(seconds for name, seconds in used.items() if name.startswith("web"))
            yield setting.figure(
                MEASURE, f"{at}: CPU of the web process", 1000 * web / max(1, len(posts)), "ms a request"
            )
            yield from _until_answered(setting, ours, at, posts, ended)


def _of_ours(setting: Setting, at: str, posts: list[Post], bare: float) -> Iterator[Figure]:
    refused = sum(post.status != 200 for post in posts)
    yield setting.figure(MEASURE, f"{at}: baobei", _rate(posts), "requests/s")
    yield setting.figure(MEASURE, f"{at}: of the empty view", _rate(posts) / bare, better="higher")
    for part in (0.5, 0.99):
        yield setting.figure(MEASURE, f"{at}: p{100 * part:.0f}", 1000 * share(_waits(posts), part), "ms")
    yield setting.figure(MEASURE, f"{at}: refused or unanswered", refused, "requests")


def _until_answered(setting: Setting, ours: Place, at: str, posts: list[Post], ended: float) -> Iterator[Figure]:
    taken = [post.text for post in posts if post.status == 200]
    found = ours.answered(taken, setting.sizes.patience_s)
    missing = len(taken) - len(found)
    seconds = max(found.values(), default=ended) - ended
    note = f"{missing} of {len(taken)} not answered {setting.sizes.patience_s:.0f} s after it" if missing else ""
    yield setting.figure(MEASURE, f"{at}: all answered after the burst", None if missing else seconds, "s", note=note)


def _burst(at: Place, setting: Setting, connections: int) -> list[Post]:
    seconds = setting.sizes.burst_s
    plan = at.texts(WARMING, int(MOST_A_SECOND * seconds), connections, seconds=seconds, patience_s=15.0)
    return at.load(plan).posts(seconds + 30)


def _warmed(at: Place) -> bool:
    """Tell whether each worker answers by now; its first requests pay for what is loaded at first use."""
    posts = at.load(at.texts(0, WARMING, 8, patience_s=5.0, seconds=5.0)).posts(20)
    return all(post.status == 200 for post in posts) and len(posts) == WARMING


def _rate(posts: list[Post]) -> float:
    answered = [post for post in posts if post.status == 200]
    if not answered:
        return 0.0
    return len(answered) / (max(post.answered for post in answered) - min(post.due for post in posts))


def _waits(posts: list[Post]) -> list[float]:
    return [post.answered - post.due for post in posts if post.answered]
