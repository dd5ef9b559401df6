"""Says on standard error how far a long command is."""

import time
from collections.abc import Callable
from typing import Generic, ParamSpec

import click

SAY_EVERY_S = 5.0
P = ParamSpec("P")


class Progress(Generic[P]):
    """Says a sentence about what it is told, but not too often; `words` makes the sentence."""

    def __init__(self, words: Callable[P, str]) -> None:
        """Begin to wait."""
        self._words = words
        self._said_at = time.monotonic()

    def tell(self, *reached: P.args, **more: P.kwargs) -> None:
        """Say it, if that is due."""
        if time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._said_at = time.monotonic()
            click.echo(self._words(*reached, **more), err=True)
