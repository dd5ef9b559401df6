"""`python -m tests.chaos`: kill everything under load; count what was lost, repeated or overtaken (exit 1 if any)."""

import os
import sys

import click

from tests.chaos.run import Result, run
from tests.infrastructure.isolation import clean_environment

KINDS = ("sqlite", "postgresql")


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="Of the load, the faults and Twilio's moods.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long to break things.")
@click.option("--database", type=click.Choice([*KINDS, "both"]), default="both", show_default=True)
def main(seed: int, seconds: float, database: str) -> None:
    """Break a whole running system for a while and count what that did to its promises."""
    clean_environment(os.environ)
    results = [run(kind, seed, seconds, click.echo) for kind in (KINDS if database == "both" else (database,))]
    click.echo()
    click.echo(f"{'database':12}{'seed':>6}{'texts':>7}{'faults':>8}{'lost':>6}{'overtaken':>11}{'duplicate':>11}"
               f"{'re-sent':>9}{'broken':>8}")  # fmt: skip
    for result in results:
        _show(result)
    sys.exit(any(result.broken for result in results))


def _show(result: Result) -> None:
    counts = result.counts
    click.echo(
        f"{result.database:12}{result.seed:6}{result.texts:7}{result.faults.total():8}{counts.lost:6}"
        f"{counts.out_of_order:11}{counts.duplicates:11}{counts.resent:9}{len(result.broken):8}"
    )
    faults = ", ".join(f"{name} {count}" for name, count in sorted(result.faults.items()))
    click.echo(f"  {faults}; {result.forged} forged, {result.given_up} given up by their sender, {result.by_phone} by "
               f"a phone, {result.delayed} by way of the spool; at rest after {result.rested_s:.0f} s")  # fmt: skip
    for sentence in result.broken:
        click.echo(f"  BROKEN: {sentence}")


if __name__ == "__main__":
    main()
