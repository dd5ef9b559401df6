"""`baobei gateway canary`: whether a gateway is tried out by a text to ourselves, and how often."""

import click

from parsers.numbers import region_of, to_e164
from worker.cli.base import database
from worker.cli.problems import WrongUsage
from worker.clock import utc_now
from worker.decide.set_up import all_sites
from worker.line.canaries import set_way


def canary(name: str, every: int | None, to: str | None, off: bool) -> None:
    """Have the gateway NAME tried out every so many minutes, or no more."""
    if off == (every is not None):
        raise WrongUsage("Say either --every MINUTES or --off.")
    with database() as engine:
        ours = [site.number for site in all_sites(engine) if site.gateway == name]
        try:
            recipient = to_e164(to, region_of(next(iter(ours), "+86"))) if to else ""
        except ValueError as error:
            raise WrongUsage(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        set_way(engine, name, every, recipient, None, utc_now())
    click.echo(f"{name} is tried out every {every} minutes." if every else f"{name} is not tried out any more.")
