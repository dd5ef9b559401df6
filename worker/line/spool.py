"""The spool: files in which texts wait while the database cannot take them (reliability.md, point 2).

One writer at a time, under a lock: so files appear in the order of their names, and whoever was told that his text is
kept cannot be passed by one that was written later. A name is the time of spooling, in microseconds since 1970, and
later than that of every file that waits. What is written is masked; it keeps NUL and lone surrogates as they came.
"""

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from parsers.mask import mask_numbers
from parsers.numbers import region_of
from worker.clock import Clock, utc_now
from worker.crash_points import around
from worker.gateways.base import Inbound
from worker.lock import file_lock
from worker.rules.door_notes import REPEATED_WITHIN
from worker.store.types import EPOCH, MICROSECOND

NAME: Final = re.compile(r"([0-9]{20})\.json")
LONGEST_TURN_S: Final = 1.0
"""How long a writer waits for the one before it; a gateway would not wait much longer."""
OUR_OWN_FAULT: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class UnreadableError(Exception):
    """A file of the spool holds no text that anybody can read; the message is the kind of the error, never words."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A text that waits, masked, and since when."""

    inbound: Inbound
    spooled_at: datetime

    def as_sent(self) -> Inbound:
        """Return the text as it enters the line: where its gateway states no time, it was sent when it was spooled.

        An overlap that it would have won is then contested (R11), whoever passed it meanwhile.
        """
        return replace(self.inbound, sent_at=self.inbound.sent_at or self.spooled_at)


class Spool:
    """A folder of texts that wait, shared by the processes of one machine."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        """`folder` is made when the first text needs it."""
        self.folder = folder
        self._clock = clock

    def is_empty(self) -> bool:
        """Tell whether nothing waits. Asked for every text: it looks no further than the first file."""
        return next(self._names(), None) is None

    def waiting(self) -> list[str]:
        """Return the names of the files that wait, oldest first."""
        return sorted(self._names())

    def set_aside_names(self) -> list[str]:
        """Return the names of the files that lie aside because nobody could read them, oldest first."""
        return sorted(_names_in(self._bad))

    def keep(self, inbound: Inbound) -> str:
        """Make a text durable and return the name of its file. Raises OSError when that cannot be done."""
        text = mask_numbers(inbound.text, region_of(inbound.recipient))
        _make_folder(self.folder)
        with file_lock(self.folder / "writing.lock", LONGEST_TURN_S) as mine:
            if not mine:
                raise TimeoutError("another process holds the spool")
            # The clock may have been set back; the order may not.
            last = max((number_of(name) for name in self._names()), default=0)
            name = f"{max((self._clock() - EPOCH) // MICROSECOND, last + 1):020d}.json"
            with around("spool.write"):
                os.rename(self._draft(_written(replace(inbound, text=text))), self.folder / name)
                _sync_folder(self.folder)
        return name

    def read(self, name: str) -> Spooled:
        """Return the text in a file. Raises UnreadableError; OSError when this process is short of something."""
        try:
            raw = (self.folder / name).read_bytes()
            return Spooled(_read(raw), time_of(name))
        except OSError as error:
            if error.errno in OUR_OWN_FAULT:
                raise
            raise UnreadableError(type(error).__name__) from None
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableError(type(error).__name__) from None

    def remove(self, name: str) -> None:
        """Remove a file whose text is in line. Should it come back after a power cut, its text is a silent repeat."""
        (self.folder / name).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """Move a file that nobody can read out of the way of the others, for a person to look at."""
        _make_folder(self._bad)
        os.rename(self.folder / name, self._bad / name)
        _sync_folder(self._bad)
        _sync_folder(self.folder)

    def set_aside_until(self, moment: datetime) -> list[str]:
        """Return the names of the files that lie aside and were spooled up to a moment."""
        return [name for name in _names_in(self._bad) if time_of(name) <= moment]

    def throw_away(self, name: str) -> None:
        """Remove a file that lies aside for good."""
        (self._bad / name).unlink(missing_ok=True)

    @contextmanager
    def feeding(self) -> Iterator[bool]:
        """Be the one who feeds, until the end of the block; yields False when somebody else is."""
        with file_lock(self.folder / "feeding.lock") as mine:
            yield mine

    def try_out(self) -> bool:
        """Tell whether a text could be kept here now, by writing one that is nobody's and taking it away."""
        try:
            _make_folder(self.folder)
            with file_lock(self.folder / "writing.lock", LONGEST_TURN_S) as mine:
                if mine:
                    self._draft(b"{}").unlink()
        except OSError:
            return False
        return mine

    @property
    def _bad(self) -> Path:
        return self.folder / "bad"

    def _names(self) -> Iterator[str]:
        return _names_in(self.folder)

    def _draft(self, data: bytes) -> Path:
        """Write the next file under a name that nobody reads; one writer has only one."""
        draft = self.folder / "draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        return draft


def _names_in(folder: Path) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        yield from (entry.name for entry in entries if NAME.fullmatch(entry.name))


def _written(inbound: Inbound) -> bytes:
    fields = {
        "gateway": inbound.gateway,
        "provider_id": inbound.provider_id,
        "sender": inbound.sender,
        "recipient": inbound.recipient,
        "text": inbound.text,
        "sent_at": inbound.sent_at.isoformat() if inbound.sent_at else None,
        "media": inbound.media,
        "opt_out": inbound.opt_out,
        "repeats_within_s": inbound.repeats_within.total_seconds(),
    }
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _read(raw: bytes) -> Inbound:
    fields: dict[str, Any] = json.loads(raw.decode("utf-8", "surrogatepass"))
    named = {name: fields[name] for name in ("gateway", "provider_id", "sender", "recipient", "text")}
    if not all(isinstance(value, str) for value in named.values()):
        raise TypeError("a field is not a text")
    opt_out = fields.get("opt_out")
    if opt_out not in (None, "stop", "start"):
        raise ValueError("no word on anybody's consent")
    stated = fields["sent_at"]
    sent_at = None if stated is None else datetime.fromisoformat(stated)
    if sent_at is not None and sent_at.tzinfo is None:
        raise ValueError("a time without a zone")
    within = timedelta(seconds=float(fields.get("repeats_within_s", REPEATED_WITHIN.total_seconds())))
    return Inbound(**named, sent_at=sent_at, media=int(fields["media"]), opt_out=opt_out, repeats_within=within)


def number_of(name: str) -> int:
    """Return the number that a file's name is made of: its time of spooling, in microseconds since 1970."""
    return int(name.partition(".")[0])


def time_of(name: str) -> datetime:
    """Return the time of spooling that a file's name is made of."""
    return EPOCH + number_of(name) * MICROSECOND


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
