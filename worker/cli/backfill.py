"""`baobei backfill`: put in line what a gateway has in its own list and never reached us."""

import json
import logging
import re
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

import click

from worker.cli.base import database, settings
from worker.cli.problems import Problem, WrongUsage
from worker.line.backfill import ON_ITS_WAY, Backfill
from worker.line.comparisons import Comparison
from worker.line.door import NotDurableError
from worker.processes.feeder import Feeder
from worker.runtime import open_runtime

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=400)
SO_FAR = "{name}: {tally.found} compared, {tally.missing} missing, {tally.healed} put in line …"


def backfill(since: str, name: str | None, as_json: bool) -> None:
    """Ask the gateways for texts that never reached us, and put them in line."""
    ago = duration(since)
    given = settings()
    # What goes wrong is said in sentences here.
    logging.getLogger("worker").addHandler(logging.NullHandler())
    with database(given) as engine, closing(open_runtime(given)) as runtime:
        if name is not None and name not in runtime.gateways:
            raise WrongUsage(f"There is no gateway “{name}” here; there are: {', '.join(sorted(runtime.gateways))}.")
        asked = [gateway for key, gateway in runtime.gateways.items() if name in (None, key)]
        try:
            # What waits in the spool goes first: it was acknowledged, and is missing nowhere.
            Feeder(engine, runtime.spool, runtime.bell.ring_decide).feed()
        except (NotDurableError, OSError):
            raise Problem(
                "Texts wait in the spool and cannot be put in line; check the database and BAOBEI_VAR."
            ) from None
        comparing = Backfill(
            engine,
            runtime.bell.ring_decide,
            runtime.clock,
            tell=lambda name, tally: click.echo(SO_FAR.format(name=name, tally=tally), err=True),
        )
        ended = []
        for gateway in (each for each in asked if each.keeps_list):
            now = runtime.clock()
            ended.append(comparing.compare(gateway, now - ago, now - ON_ITS_WAY))
    without = [gateway.name for gateway in asked if not gateway.keeps_list]
    click.echo(_told(ended, without, as_json))
    for comparison in ended:
        if comparison.error == NotDurableError.__name__:
            raise Problem("The database did not take a text; check it and run the same command again.")
        if comparison.error is not None:
            raise Problem(
                f"The list of {comparison.gateway} could not be read ({comparison.error}): check its account and the "
                "network, and run the same command again."
            )


def duration(written: str) -> timedelta:
    matched = re.fullmatch(r"([0-9]{1,6})\s*([mhd])", written.strip().lower())
    if matched is None:
        raise WrongUsage(f"“{written}” is no duration; write minutes, hours or days as 30m, 2h or 3d.")
    ago = timedelta(**{UNITS[matched[2]]: int(matched[1])})
    if not ON_ITS_WAY < ago <= LONGEST:
        raise WrongUsage(f"“{written}” is out of reach; from 3m to {LONGEST.days}d will do.")
    return ago


def _told(ended: list[Comparison], without: list[str], as_json: bool) -> str:
    if as_json:
        blank = dict.fromkeys(("since", "until", "found", "healed", "error"))
        rows = [
            asdict(one) | {"since": one.since.isoformat(), "until": one.until.isoformat(), "list": True}
            for one in ended
        ]
        rows += [{"gateway": name} | blank | {"list": False} for name in without]
        return json.dumps(rows, ensure_ascii=False)
    said = [
        f"{one.gateway}: {one.found} in its list since {one.since:%Y-%m-%d %H:%M} UTC, "
        f"{one.healed} of them missing here and put in line now."
        for one in ended
        if one.error is None
    ]
    said += [f"{name} keeps no list of its own, so there is nothing to compare." for name in without]
    return "\n".join(said)
