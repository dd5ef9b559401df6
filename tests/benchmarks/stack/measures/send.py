"""Handing over a full outbox to a gateway that takes its time, and hearing what became of each message."""

import time
from collections.abc import Iterator

from redis import Redis

from tests.benchmarks.stack.figures import Figure, Setting
from tests.benchmarks.stack.line import lay
from tests.benchmarks.stack.place import Place, place, until
from tests.benchmarks.stack.texts import yardstick_ms
from worker.bell.bell import Bell
from worker.decide.decider import decide_site

MEASURE = "send"
CONNECTIONS, DELAY_S = 32, 0.15
"""What the share is of: so many connections, each of which gets an answer after so long."""


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield replies/s, their share of what the connections could carry, and CPU a reply and a status."""
    wanted, patience_s = setting.sizes.replies, setting.sizes.patience_s
    setting.tell(f"send: {wanted} replies, {DELAY_S} s each")
    with place(setting.server, setting.folder, setting.guard) as ours:
        ours.start_twilio(DELAY_S)
        lay(ours.engine, ours.site.id, range(wanted))
        while decide_site(ours.engine, ours.site.id).more:
            pass
        ours.start_product(["web", "send"])
        bell = Bell(Redis.from_url(ours.redis_url()))
        until(lambda: bell.ring_send() and ours.asked("/tally")["posts"], 30, "nothing was sent", every_s=0.2)
        ours.begin()
        began, first = time.monotonic(), ours.asked("/tally")
        until(lambda: ours.asked("/tally")["posts"] >= wanted, patience_s, f"{wanted} replies were not sent")
        done, seconds = ours.asked("/tally")["posts"] - first["posts"], time.monotonic() - began
        reply_ms = 1000 * ours.used_s()["send"] / done
        yield setting.figure(MEASURE, "replies", done / seconds, "replies/s")
        name = f"of {CONNECTIONS} connections × 1/{DELAY_S} s"
        yield setting.figure(MEASURE, name, done / seconds / (CONNECTIONS / DELAY_S), better="higher")
        yield setting.figure(MEASURE, "CPU a reply", reply_ms, "ms")
        yield setting.figure(
            MEASURE, "CPU a reply ÷ that of 100 signed forms", reply_ms / yardstick_ms(), better="lower"
        )
        yield from _statuses(setting, ours, first["callbacks"])


def _statuses(setting: Setting, ours: Place, before: int) -> Iterator[Figure]:
    all_told, told = ours.told_back(setting.sizes.patience_s), ours.asked("/tally")
    used, taken = ours.used_s(), told["callbacks"] - before
    note = "" if all_told else f"some were not told within {setting.sizes.patience_s:.0f} s"
    yield setting.figure(MEASURE, "statuses refused or unanswered", told["callbacks refused"], "statuses", note=note)
    status_ms = 1000 * (used["web worker"] + used["web master"]) / taken if taken else None
    yield setting.figure(MEASURE, "CPU a status, of the web process", status_ms, "ms")
