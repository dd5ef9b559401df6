"""What a disk holds after a power cut, of a folder whose syncs are watched (`telling_of_syncs`).

Durable is: the content of a file as of its last sync, and the entries of a folder as of the last sync of the folder;
the file's own sync does not make its name durable (some file systems do that too; nothing may rely on it). Everything
else is dropped, or any part of it is there: each changed entry of a folder by itself, each changed sector of a file by
itself, and a file's old or new length. What is there from the beginning is durable.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import RLock

SECTOR = 512
"""What a disk writes whole or not at all."""

Image = Mapping[str, bytes | None]
"""Files with their content, and folders, by their path below the root."""


@dataclass
class Disk:
    """An observer of the syncs below a folder. Files are known by their inodes, which stay open, so that none is
    given to another file; closing one would besides give up SQLite's locks on it."""

    root: Path
    before_sync: Callable[[str], None] = lambda _: None
    _held: dict[int, int] = field(default_factory=dict)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _entries: dict[int, dict[str, int]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        """Take all that is there for durable."""
        for folder, _, files in os.walk(self.root):
            self.synced(Path(folder))
            for name in files:
                self.synced(Path(folder, name))

    def close(self) -> None:
        """Let go of the files."""
        while self._held:
            os.close(self._held.popitem()[1])

    def about_to_sync(self, file: Path | int) -> None:
        """Tell whoever wants to cut the power now; of files elsewhere, nothing."""
        if path := self._path_of(file):
            self.before_sync(path.name)

    def synced(self, file: Path | int) -> None:
        """Note what is durable from now on."""
        with self._lock:
            path = self._path_of(file)
            node = None if path is None else self._hold(path)
            if node is None:
                return
            if self._is_folder(node):
                self._entries[node] = self._listed(node)
            else:
                self._contents[node] = self._read(node)

    def image(self, chance: Random | None = None) -> Image:
        """Return what is there after a cut now; with a `chance`, parts of what was not synced are there too."""
        with self._lock:
            root = self._hold(self.root)
            assert root is not None
            return dict(self._remains(root, "", chance))

    def _path_of(self, file: Path | int) -> Path | None:
        """Return where below the root a file lies; None if it lies elsewhere."""
        if isinstance(file, Path):
            return file if file.is_relative_to(self.root) else None
        node = os.fstat(file).st_ino
        everything = (self.root, *self.root.rglob("*"))
        return next((path for path in everything if path.exists() and path.stat().st_ino == node), None)

    def _hold(self, path: Path | str, folder: int | None = None) -> int | None:
        """Return the inode of a file or folder, which is kept open from now on; None for what is neither, or gone."""
        try:
            found = os.stat(path, dir_fd=folder, follow_symlinks=False)
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                return None
            if found.st_ino not in self._held:
                self._held[found.st_ino] = os.open(path, os.O_RDONLY, dir_fd=folder)
        except FileNotFoundError:
            return None
        return found.st_ino

    def _is_folder(self, node: int) -> bool:
        return stat.S_ISDIR(os.fstat(self._held[node]).st_mode)

    def _listed(self, node: int) -> dict[str, int]:
        folder = self._held[node]
        held = {name: self._hold(name, folder) for name in os.listdir(folder)}
        return {name: child for name, child in held.items() if child is not None}

    def _read(self, node: int) -> bytes:
        file = self._held[node]
        return os.pread(file, os.fstat(file).st_size, 0)

    def _remains(self, node: int, path: str, chance: Random | None) -> Iterator[tuple[str, bytes | None]]:
        entries = dict(self._entries.get(node, {}))
        if chance is not None:
            now = self._listed(node)
            for name in sorted({*entries, *now}):
                if entries.get(name) != now.get(name) and chance.random() < 0.5:
                    entries.pop(name, None)
                    entries |= {name: now[name]} if name in now else {}
        for name, child in entries.items():
            if self._is_folder(child):
                yield f"{path}{name}", None
                yield from self._remains(child, f"{path}{name}/", chance)
            else:
                durable = self._contents.get(child, b"")
                yield f"{path}{name}", durable if chance is None else torn(durable, self._read(child), chance)


def torn(before: bytes, after: bytes, chance: Random) -> bytes:
    """Return a file of which some changed sectors were written: the first so many, or any."""
    if before == after:
        return before
    longest = max(len(before), len(after))
    mixed, new = bytearray(before.ljust(longest, b"\0")), after.ljust(longest, b"\0")
    sectors = [slice(start, start + SECTOR) for start in range(0, longest, SECTOR)]
    changed = [sector for sector in sectors if mixed[sector] != new[sector]]
    share = chance.choice((0.1, 0.5, 0.9))
    in_order = changed[: round(share * len(changed))]
    for sector in in_order if chance.random() < 0.5 else [each for each in changed if chance.random() < share]:
        mixed[sector] = new[sector]
    return bytes(mixed[: chance.choice((len(before), len(after)))])


def lay_out(image: Image, root: Path) -> None:
    """Write what an image holds into a new folder."""
    root.mkdir(parents=True)
    for path, content in sorted(image.items()):
        if content is None:
            (root / path).mkdir(mode=0o700)
        else:
            (root / path).write_bytes(content)
