"""`baobei roster`."""

import json
import sys
from pathlib import Path

import click
from sqlalchemy import select

from worker.cli.base import database
from worker.cli.problems import Problem
from worker.decide.people import checks_of, enlist, unlist
from worker.decide.set_up import phone, site_named
from worker.files.exports import write_table
from worker.files.lists import read_roster
from worker.files.tables import ListError
from worker.store.database import reading
from worker.store.schema import roster as roster_table
from worker.store.schema import units

COLUMNS = ("name", "phone", "unit", "kind", "from", "to", "aliases")


def import_roster(file: Path, site_name: str) -> None:
    """Add and change lines from a CSV or xlsx (name, phone, unit, kind, from, to, aliases): all of them, or none."""
    with database() as engine:
        row = site_named(engine, site_name)
        try:
            people = read_roster(file.read_bytes(), checks_of(engine, row))
        except ListError as error:
            raise Problem(listed(file, error)) from None
        receipt = enlist(engine, row, people)
    if receipt.outcome == "repeated":
        click.echo(f"This roster is in force already, since place {receipt.seq} of the line; nothing changed.")
        return
    click.echo(f"{len(people)} people are on the roster of {site_name} from place {receipt.seq} of its line.")


def remove(number: str, site_name: str) -> None:
    """End a phone's line of the roster from now on; its live claims stay with the unit (B33)."""
    with database() as engine:
        row = site_named(engine, site_name)
        receipt = unlist(engine, row, phone(number, row.region))
    click.echo(f"{number} is off the roster of {site_name} from place {receipt.seq} of its line.")


def list_roster(site_name: str, as_json: bool) -> None:
    """List who is on the roster."""
    with database() as engine:
        site = site_named(engine, site_name)
        of_unit = (units.c.site_id == roster_table.c.site_id) & (units.c.name == roster_table.c.unit)
        query = (
            select(roster_table, units.c.kind)
            .select_from(roster_table.join(units, of_unit))
            .where(roster_table.c.site_id == site.id)
        )
        with reading(engine).connect() as connection:
            rows = connection.execute(query.order_by(roster_table.c.unit, roster_table.c.name)).all()
    people = [
        [r.name, r.phone, r.unit, r.kind, str(r.from_day or ""), str(r.to_day or ""), ";".join(r.aliases)] for r in rows
    ]
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, person, strict=True)) for person in people], ensure_ascii=False))
        return
    write_table(people, COLUMNS, sys.stdout)


def listed(file: Path, error: ListError) -> str:
    """Return a sentence for a file that was not taken, with a line for each of its bad lines."""
    bad = "".join(f"\n  line {number}: {sentence}" for number, sentence in error.lines)
    return f"Nothing of {file.name} was taken; mend these lines and import it again:{bad}"
