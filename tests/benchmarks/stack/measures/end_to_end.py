"""From the text to the answer that reaches the gateway, with everything running: steady, quiet, flooded, and killed."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.benchmarks.stack.figures import Figure, Setting, share
from tests.benchmarks.stack.load import Post
from tests.benchmarks.stack.place import Place, place
from tests.benchmarks.stack.texts import yardstick_ms

MEASURE = "end to end"
CONNECTIONS = 32
QUIET_PAUSE_S = 0.3
KILLED = ("web worker", "web master", "decide", "send", "sweeper", "redis")
KILL_RATE, SETTLED_S, WATCHED_S = 20.0, 3.0, 12.0


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield latencies and CPU a text: quiet, at steady rates, and flooded."""
    sizes = setting.sizes
    with _running(setting) as ours:
        # The first texts pay for what is loaded at its first use.
        first = _warm(ours, 0)
        setting.tell(f"end to end, quiet: {sizes.quiet} texts one after another")
        plan = ours.texts(first, sizes.quiet, 1, pause_s=QUIET_PAUSE_S)
        yield from _measured(setting, ours, ours.load(plan).posts(60 + sizes.quiet), "quiet")
        first += sizes.quiet
        for rate in sizes.rates:
            setting.tell(f"end to end, {rate:.0f} texts/s for {sizes.steady_s:.0f} s")
            count = int(rate * sizes.steady_s)
            plan = ours.texts(first, count, CONNECTIONS, rate=rate, seconds=sizes.steady_s)
            posts = ours.load(plan).posts(sizes.steady_s + 60)
            yield from _measured(setting, ours, posts, f"{rate:.0f} texts/s", count)
            first += count
    with _running(setting) as ours:
        first = _warm(ours, 0)
        name = f"{sizes.flood} texts in {sizes.flood_s:.0f} s"
        setting.tell(f"end to end, {name}")
        plan = ours.texts(first, sizes.flood, 64, rate=sizes.flood / sizes.flood_s, seconds=sizes.flood_s)
        posts = ours.load(plan).posts(sizes.flood_s + 60)
        yield from _measured(setting, ours, posts, name, sizes.flood)


@contextmanager
def _running(setting: Setting) -> Iterator[Place]:
    """Have the whole product in a place of its own."""
    with place(setting.server, setting.folder, setting.guard) as ours:
        ours.start_twilio()
        ours.start_product()
        yield ours


def _warm(ours: Place, first: int, count: int = 10) -> int:
    posts = ours.load(ours.texts(first, count, 2, pause_s=0.1)).posts(60)
    ours.answered([post.text for post in posts], 30)
    ours.told_back(10)
    return first + count


def _measured(setting: Setting, ours: Place, posts: list[Post], name: str, wanted: int = 0) -> Iterator[Figure]:
    """Yield what became of a load that has just ended."""
    patience_s = setting.sizes.patience_s
    taken = {post.text: post for post in posts if post.status == 200}
    found = ours.answered([*taken], patience_s)
    if found and len(found) == len(taken):
        ours.told_back(15)
    used = ours.used_s()
    waits = [at - taken[text].due for text, at in found.items()]
    ended = max(post.due for post in posts)
    refused = max(wanted, len(posts)) - len(taken)
    yield setting.figure(MEASURE, f"{name}: refused or unanswered", refused, "requests")
    for part in (0.5, 0.95, 0.99):
        yield setting.figure(MEASURE, f"{name}: text → POST p{100 * part:.0f}", 1000 * share(waits, part), "ms")
    missing = len(taken) - len(found)
    note = f"{missing} of {len(taken)} texts not answered after {patience_s:.0f} s" if missing else ""
    after = max(found.values(), default=ended) - ended
    yield setting.figure(MEASURE, f"{name}: all answered after the last", None if missing else after, "s", note=note)
    told = ours.asked("/tally")
    parts = ", ".join(
        f"{part} {1000 * seconds / len(found):.1f}"
        for part, seconds in sorted(used.items(), key=lambda item: -item[1])
        if found
    )
    note = f"{parts}; {told['posts']} messages, {told['callbacks']} callbacks taken, {told['callbacks refused']} not"
    total = 1000 * sum(used.values()) / len(found) if found else None
    yield setting.figure(MEASURE, f"{name}: CPU a text", total, "ms", note=note)
    if total:
        forms = total / yardstick_ms()
        yield setting.figure(MEASURE, f"{name}: CPU a text ÷ that of 100 signed forms", forms, better="lower")


def kills(setting: Setting) -> Iterator[Figure]:
    """Yield, of each process, how long after its death the first text sent since then is answered."""
    with _running(setting) as ours:
        first = _warm(ours, 0)
        for victim in KILLED:
            setting.tell(f"end to end, kill -9: {victim}")
            count = int(KILL_RATE * (SETTLED_S + WATCHED_S))
            plan = ours.texts(first, count, 8, rate=KILL_RATE, seconds=SETTLED_S + WATCHED_S, insist=True)
            load = ours.load(plan)
            first += count
            time.sleep(SETTLED_S)
            killed = _kill(ours, victim)
            posts = load.posts(SETTLED_S + WATCHED_S + 60)
            found = ours.answered([post.text for post in posts], setting.sizes.patience_s)
            yield _of_kill(setting, victim, killed, posts, found)


def _kill(ours: Place, victim: str) -> float:
    pid = next((pid for pid, name in ours.processes().items() if name == victim), None)
    if pid is None:
        return float("nan")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return time.monotonic()


def _of_kill(setting: Setting, victim: str, killed: float, posts: Sequence[Post], found: dict[int, float]) -> Figure:
    later = [found[post.text] for post in posts if post.due > killed and post.text in found]
    missing = len(posts) - len(found)
    note = f"{missing} of {len(posts)} texts not answered in the end" if missing else ""
    if killed != killed:
        note = "there is no such process"
    return setting.figure(
        MEASURE, f"kill -9 {victim}: next answer", min(later) - killed if later else None, "s", note=note
    )
