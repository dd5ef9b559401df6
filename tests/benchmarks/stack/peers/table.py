"""Whom the decide process is compared with; `pip install -e '.[bench]'` installs them all."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field

HERE = "tests.benchmarks.stack.peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """A job queue: its package, our module about it, and the words behind `python` by which one worker starts.

    One worker with one job at a time: a site's texts are decided in their order.
    """

    name: str
    package: str
    module: str
    words: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    postgresql_only: bool = False

    @property
    def installed(self) -> bool:
        """Tell whether it can be compared with."""
        return importlib.util.find_spec(self.package) is not None


_HUEY = ("-m", "huey.bin.huey_consumer", f"{HERE}.huey_peer.queue", "-w", "1", "-k", "process", "-q")
PEERS = (
    Peer("RQ, forking", "rq", "rq_peer", ("-m", f"{HERE}.rq_peer", "forking")),
    Peer("RQ SimpleWorker", "rq", "rq_peer", ("-m", f"{HERE}.rq_peer", "simple")),
    Peer(
        "Celery",
        "celery",
        "celery_peer",
        ("-m", "celery", "-A", f"{HERE}.celery_peer:queue", "worker", "--concurrency", "1", "--loglevel", "WARNING"),
    ),
    Peer(
        "Dramatiq",
        "dramatiq",
        "dramatiq_peer",
        ("-m", "dramatiq", f"{HERE}.dramatiq_peer", "--processes", "1", "--threads", "1"),
    ),
    Peer("Huey, Redis", "huey", "huey_peer", _HUEY),
    Peer("Huey, SQLite", "huey", "huey_peer", _HUEY, {"HUEY_STORAGE": "sqlite"}),
    Peer(
        "PgQueuer",
        "pgqueuer",
        "pgqueuer_peer",
        ("-m", f"{HERE}.pgqueuer_peer"),
        postgresql_only=True,
    ),
)
