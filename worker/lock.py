"""File locks, which the operating system lets go of with the last process that holds them: one `baobei up` per folder,
one writer and one feeder of a spool."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

CLEARING_SECONDS = 15.0
AGAIN_S = 0.005


class AlreadyRunningError(RuntimeError):
    """Somebody else works on this folder; the sentence says who."""


@contextmanager
def var_lock(var: Path) -> Iterator[int]:
    """Hold `var` for ourselves; yields the lock's file descriptor. Raises AlreadyRunningError.

    Where the holder was killed, its guard holds the lock until it has ended the rest: that is worth waiting for.
    """
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(var / "baobei.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + CLEARING_SECONDS
        while not _taken(descriptor):
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace")
            if time.monotonic() > deadline or (holder.isdigit() and psutil.pid_exists(int(holder))):
                raise AlreadyRunningError(
                    f"Another `baobei up` (process {holder}) is running on {var}: stop it first, or give this one a "
                    "--var."
                )
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def file_lock(path: Path, wait_s: float = 0.0) -> Iterator[bool]:
    """Hold the lock on a file to the end of the block; yields False when another has kept it for `wait_s` seconds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while not (mine := _taken(descriptor)) and time.monotonic() < deadline:
            time.sleep(AGAIN_S)
        yield mine
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
