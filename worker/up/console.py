"""Lines on the terminal: each whole, each with the name of whoever said it, in colour where somebody looks."""

import threading
from collections.abc import Mapping
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 31)
OWN_NAME = "baobei"


class ConsoleClosedError(Exception):
    """Nobody reads what we print any more."""


class Console:
    """Prints the lines of several processes; safe to use from several threads."""

    def __init__(self, out: TextIO, environ: Mapping[str, str]) -> None:
        """Print to `out`; in colour when it is a terminal and NO_COLOR is not set."""
        self._out = out
        self._lock = threading.Lock()
        self._colour = out.isatty() and not environ.get("NO_COLOR")
        self._names = [OWN_NAME]

    def say(self, sentence: str) -> None:
        """Print a sentence of our own."""
        self.line(OWN_NAME, sentence)

    def line(self, name: str, text: str) -> None:
        """Print one line of the process `name`. Raises ConsoleClosedError."""
        with self._lock:
            if name not in self._names:
                self._names.append(name)
            prefix = f"{name:<8}|"
            if self._colour:
                prefix = f"\x1b[{COLOURS[self._names.index(name) % len(COLOURS)]}m{prefix}\x1b[0m"
            self._write(f"{prefix} {text}\n")

    def plain(self, text: str) -> None:
        """Print one line as it is. Raises ConsoleClosedError."""
        with self._lock:
            self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        # A terminal that cannot show a character still shows the rest.
        encoding = self._out.encoding or "utf-8"
        try:
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()
        except (OSError, ValueError) as error:
            raise ConsoleClosedError from error
