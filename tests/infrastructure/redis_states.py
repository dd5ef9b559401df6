"""A real Redis that answers and takes no writes, for a while."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from redis import Redis


@contextmanager
def replica(url: str) -> Iterator[None]:
    """Let it be a read-only replica, of a primary that nobody reaches."""
    with Redis.from_url(url) as redis:
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            redis.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def full(url: str) -> Iterator[None]:
    """Let it have no room for one more key, and throw none away."""
    with Redis.from_url(url) as redis:
        redis.config_set("maxmemory", "1")
        try:
            yield
        finally:
            redis.config_set("maxmemory", "0")


TAKING_NOTHING: tuple[Callable[[str], AbstractContextManager[None]], ...] = (replica, full)
