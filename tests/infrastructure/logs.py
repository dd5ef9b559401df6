"""What the program logs, where a test can read it."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from worker.log import set_up_logging


@contextmanager
def logged(level: str) -> Iterator[io.StringIO]:
    """Yield what is logged from this level on, as the program writes it; afterwards the log is as it was."""
    root = logging.getLogger()
    handlers, before = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(level, stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(before)
