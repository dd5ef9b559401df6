"""Log lines: one each, `key=value`, with numbers that identify (site, seq, reply) and never words or phone numbers.

Whatever is logged passes through `_Lines`, other libraries' messages and tracebacks too: a traceback is reduced to the
places it went through, because the messages of exceptions quote what was being worked on, and any run of digits long
enough to be a phone number is struck out of every text.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

LONG_DIGITS = re.compile(r"\d[\d\s-]{5,}\d")
PLAIN = re.compile(r"[^\s\"=]+")
PLACES = 4
QUIET = ("rq", "rq.worker", "twilio", "urllib3", "requests", "redis", "werkzeug", "alembic", "sqlalchemy")
"""Libraries that are heard from `WARNING` on only: below it they tell of jobs, requests and statements.

RQ gives its worker's logger a level of its own when it is imported, so silence above that would not reach it.
"""

Field = str | int | float | bool | None


def set_up_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream` (standard error) at `level`, in our form only."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def say(log: logging.Logger, step: str, level: int = logging.INFO, **fields: Field) -> None:
    """Log one step of a message's path. `fields` are ids, counts and codes; those that are None are left out."""
    if log.isEnabledFor(level):
        log.log(level, "%s", step, extra={"fields": fields})


def complain(log: logging.Logger, step: str, error: BaseException, **fields: Field) -> None:
    """Log that a step failed: the kind of the error and where it came from, never its message."""
    say(log, step, logging.ERROR, **fields, error=kind_of(error), places=place_of(error.__traceback__))


def kind_of(error: BaseException) -> str:
    """Return the name of the error's class, and of the driver's own error where it carries one."""
    inner = getattr(error, "orig", None)
    names = [type(each).__name__ for each in (error, inner) if isinstance(each, BaseException)]
    return "/".join(dict.fromkeys(names))


def place_of(trace: TracebackType | None) -> str:
    """Return the last places that an error went through, outermost first, as `file:line`."""
    frames = traceback.extract_tb(trace)[-PLACES:]
    return ">".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Field] = {"at": at, "level": record.levelname.lower(), "log": record.name}
        fields["step"] = _struck(record.getMessage())
        for name, value in getattr(record, "fields", {}).items():
            # What a line says of itself is not replaced: without its time it could not be put in order.
            if value is not None and name not in fields:
                fields[name] = _struck(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            fields |= {"error": kind_of(record.exc_info[1]), "places": place_of(record.exc_info[2])}
        words = {
            name: value if isinstance(value, str) and PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
            for name, value in fields.items()
        }
        return " ".join(f"{name}={word}" for name, word in words.items())


def _struck(text: str) -> str:
    return LONG_DIGITS.sub("…", text)
