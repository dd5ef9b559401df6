"""The two ways in which a command ends without having done what was asked, each with one sentence."""

import click


class Problem(click.ClickException):
    """A problem was found: one sentence, exit code 1."""

    exit_code = 1


class WrongUsage(click.ClickException):
    """The command cannot be meant so: one sentence, exit code 2."""

    exit_code = 2
