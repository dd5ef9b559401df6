"""What the processes hold after many texts, and what they use while nothing comes."""

import time
from collections.abc import Iterator

from tests.benchmarks.stack.figures import Figure, Setting
from tests.benchmarks.stack.place import place

MEASURE = "memory"
CONNECTIONS = 16
SETTLING_S = 5.0
SLOWEST = 50
"""Texts a second; what takes longer is broken off."""


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the proportional set size of all, and the share of a CPU at rest; PostgreSQL's apart."""
    wanted = setting.sizes.remembered
    setting.tell(f"memory: {wanted} texts")
    with place(setting.server, setting.folder, setting.guard) as ours:
        ours.start_twilio()
        ours.start_product()
        posts = ours.load(ours.texts(0, wanted, CONNECTIONS)).posts(60 + wanted / SLOWEST)
        taken = [post.text for post in posts if post.status == 200]
        found = ours.answered(taken, setting.sizes.patience_s + wanted / SLOWEST)
        ours.told_back(setting.sizes.patience_s)
        time.sleep(SETTLING_S)
        held = ours.memory_mb()
        setting.tell(f"memory: idle for {setting.sizes.idle_s:.0f} s")
        ours.begin()
        began = time.monotonic()
        time.sleep(setting.sizes.idle_s)
        idle, seconds = ours.used_s(), time.monotonic() - began
    postgres, idle_postgres = held.pop("postgres", 0.0), idle.pop("postgres", 0.0)
    name = f"proportional set size after {len(found):,} answered texts"
    parts = ", ".join(f"{part} {mb:.0f}" for part, mb in sorted(held.items(), key=lambda item: -item[1]))
    yield setting.figure(MEASURE, name, sum(held.values()), "MB", note=parts)
    parts = ", ".join(
        f"{part} {100 * s / seconds:.2f}" for part, s in sorted(idle.items(), key=lambda item: -item[1]) if s
    )
    yield setting.figure(MEASURE, "idle: share of a CPU", 100 * sum(idle.values()) / seconds, "%", note=parts)
    if postgres:
        yield setting.figure(MEASURE, "PostgreSQL besides", postgres, "MB")
        yield setting.figure(MEASURE, "PostgreSQL besides, idle", 100 * idle_postgres / seconds, "%")
