"""Tells an observer of every sync of a file in this process: those of our own (`os.fsync`) and those of SQLite.

SQLite syncs through the methods of its VFS (https://www.sqlite.org/vfs.html). That of Python's own SQLite is found
without a symbol of the library, which a Python that carries it inside may hide: a connection object begins with its
`sqlite3 *`, and that with its `sqlite3_vfs *`. Nothing but the function that opens a file is replaced there; it gives
each file methods whose `xSync` tells the observer and then does what it always did.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, Structure, addressof, byref, c_char_p, c_int, c_void_p, memmove, sizeof, string_at
from pathlib import Path
from typing import Any, Protocol

import pytest

CREATE, MAIN_JOURNAL, WAL = 0x4, 0x800, 0x80000
"""Flags of `xOpen`, as sqlite3.h has them."""

Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class Observer(Protocol):
    """Who is told, in the thread that syncs."""

    def about_to_sync(self, file: Path | int) -> None:
        """Be told of a path or a descriptor before it is synced."""

    def synced(self, file: Path | int) -> None:
        """Be told that what was written to a file, or the entries of a folder, are durable now."""


class Vfs(Structure):
    """The beginning of a `sqlite3_vfs`."""

    _fields_ = (
        *(("version", c_int), ("size_of_file", c_int), ("longest_path", c_int)),
        *(("next", c_void_p), ("name", c_char_p), ("data", c_void_p), ("open", c_void_p)),
    )


class Methods(Structure):
    """A `sqlite3_io_methods` of version 3."""

    _fields_ = (
        ("version", c_int),
        *((name, c_void_p) for name in ("close", "read", "write", "truncate", "sync")),
        ("others", c_void_p * 13),
    )


def vfs_of_python() -> Vfs:
    """Return the VFS by which Python's SQLite opens files. Raises RuntimeError where it is not to be found."""
    connection = sqlite3.connect(":memory:")
    try:
        database = c_void_p.from_address(id(connection) + object.__basicsize__).value or 0
        vfs = Vfs.from_address(c_void_p.from_address(database).value or 0)
        if vfs.name == b"unix":
            return vfs
    finally:
        connection.close()
    raise RuntimeError(f"the files of SQLite cannot be watched in this Python ({sys.version})")


class Shim:
    """What stands between SQLite and its VFS. Files opened through it may outlive it, and it stays for them."""

    def __init__(self) -> None:
        """Find the VFS; it is left as it is."""
        self._vfs = vfs_of_python()
        self.observer: Observer | None = None
        self._open_before = Open(self._vfs.open)
        self._ours = Open(self._open)
        self._methods: dict[int, tuple[Methods, Any]] = {}
        self._paths: dict[int, Path] = {}
        self._new: set[int] = set()

    @contextmanager
    def watched_by(self, observer: Observer) -> Iterator[None]:
        """Tell an observer meanwhile of the files that are opened meanwhile."""
        before, self._vfs.open = self._vfs.open, c_void_p.from_buffer(self._ours).value
        self.observer = observer
        try:
            yield
        finally:
            self.observer, self._vfs.open = None, before

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = int(self._open_before(vfs, name, file, flags, out))
        methods = c_void_p.from_address(file)
        if code == 0 and methods.value and name:
            self._paths[file] = Path(os.fsdecode(string_at(name)))
            is_new = flags & CREATE and flags & (MAIN_JOURNAL | WAL)
            (self._new.add if is_new else self._new.discard)(file)
            methods.value = addressof(self._watched(methods.value))
        return code

    def _watched(self, address: int) -> Methods:
        if address not in self._methods:
            methods = Methods()
            memmove(byref(methods), address, sizeof(Methods))
            sync = Sync(methods.sync)
            ours = Sync(lambda file, flags: self._sync(sync, file, flags))
            methods.sync = c_void_p.from_buffer(ours).value
            self._methods[address] = methods, ours
        return self._methods[address][0]

    def _sync(self, sync: Callable[[int, int], int], file: int, flags: int) -> int:
        path, observer = self._paths[file], self.observer
        if observer is None:
            return sync(file, flags)
        observer.about_to_sync(path)
        code = sync(file, flags)
        if code == 0:
            observer.synced(path)
            # The VFS itself syncs the folder of a new journal or write-ahead log, once, with its first sync.
            if file in self._new:
                self._new.discard(file)
                observer.synced(path.parent)
        return code


_SHIMS: list[Shim] = []


@contextmanager
def telling_of_syncs(observer: Observer) -> Iterator[None]:
    """Tell an observer of every sync; of SQLite's, those of files that are opened meanwhile."""
    if not _SHIMS:
        _SHIMS.append(Shim())

    def told(sync: Callable[[int], None]) -> Callable[[int], None]:
        def sync_and_tell(descriptor: int) -> None:
            observer.about_to_sync(descriptor)
            sync(descriptor)
            observer.synced(descriptor)

        return sync_and_tell

    with pytest.MonkeyPatch.context() as patch, _SHIMS[0].watched_by(observer):
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, told(getattr(os, name)))
        yield
