"""`baobei staff`: managers, consultants and client service of a site."""

import json
import sys

import click

from worker.cli.base import database
from worker.cli.problems import Problem
from worker.decide.people import appoint
from worker.decide.set_up import phone, set_staff, site_named
from worker.files.exports import write_table

COLUMNS = ("role", "name", "phone")


def add(role: str, number: str, site_name: str, name: str | None) -> None:
    """Give a phone a role, and its owner a name; one role a phone at a time (B32)."""
    with database() as engine:
        row = site_named(engine, site_name)
        appoint(engine, row, phone(number, row.region), role, name)
    click.echo(f"{number} is {role} of {site_name} from now on.")


def remove(number: str, site_name: str) -> None:
    """Take a phone's role away."""
    with database() as engine:
        row = site_named(engine, site_name)
        e164 = phone(number, row.region)
        if e164 not in row.staff:
            raise Problem(f"{number} has no role at {site_name}; `baobei staff list --site {site_name}` shows who has.")
        set_staff(engine, row, {e164: ""})
    click.echo(f"{number} has no role at {site_name} from now on.")


def list_staff(site_name: str, as_json: bool) -> None:
    """List a site's staff."""
    with database() as engine:
        row = site_named(engine, site_name)
    people = [[role, row.names.get(number, ""), number] for number, role in row.staff.items()]
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, person, strict=True)) for person in people], ensure_ascii=False))
        return
    write_table(people, COLUMNS, sys.stdout)
