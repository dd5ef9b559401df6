"""The program as a whole: what a command does is imported when it runs, and what goes wrong becomes one sentence."""

import functools
import importlib
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import click

from worker.cli.problems import Problem, WrongUsage

Declared = Callable[[], None]
Done = Callable[..., None]


def done_by(where: str) -> Callable[[Declared], Done]:
    """Let a command be done by `module:function` of `worker.cli`, imported only then; its `where` tells by which."""

    def declare(declared: Declared) -> Done:
        @functools.wraps(declared)
        def done(**given: Any) -> None:
            # A group does something of its own only where none of its commands is named.
            if click.get_current_context().invoked_subcommand is None:
                function_of(where)(**given)

        done.where = where  # type: ignore[attr-defined]
        return done

    return declare


def function_of(where: str) -> Done:
    """Return the function that `module:function` names."""
    module, _, name = where.partition(":")
    function: Done = getattr(importlib.import_module(f"worker.cli.{module}"), name)
    return function


class CommandGroup(click.Group):
    """The group of all commands: no traceback for what the system refuses or what is no text."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run; where the output lacks a character, it is written as JSON would, and the rest is told all the same."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            try:
                return super().main(*args, **extra)
            finally:
                sys.stdout.flush()  # To the last byte, while what goes wrong can still be said.
        except BrokenPipeError:
            _give_up_output()
            sys.exit(1)
        except OSError as error:
            _give_up_output()
            end_with(Problem(sentence_of(error)))
        except UnicodeError:
            end_with(WrongUsage("What was given holds bytes that are no UTF-8 text: write it in UTF-8."))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words of the command; those that are no text would enter names and lists as something else."""
        for word in args:
            word.encode()
        return super().parse_args(ctx, args)


def _give_up_output() -> None:
    """Let what is still to be written go nowhere: Python would try again at its end, and complain in its own words."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end_with(ending: click.ClickException) -> NoReturn:
    """End the program with a sentence on standard error."""
    ending.show()
    sys.exit(ending.exit_code)


def sentence_of(error: OSError) -> str:
    """Return what the system refused, and for which file."""
    reason = error.strerror or type(error).__name__
    return f"Cannot use {error.filename}: {reason}." if error.filename else f"The system refused: {reason}."
