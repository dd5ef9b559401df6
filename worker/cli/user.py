"""`baobei user`: who may log in to the staff pages."""

import json
import sys

import click

from worker.accounts.users import LINK_LIFE, add_user, all_users, remove_user, reset_user
from worker.cli.base import database, settings
from worker.clock import utc_now
from worker.decide.set_up import all_sites, phone, site_named
from worker.files.exports import write_table
from worker.settings import Settings
from worker.var_folder import pages_address

COLUMNS = ("name", "roles", "site", "phone", "password")
ALL_SITES = "all"


def add(name: str, roles: tuple[str, ...], site_name: str | None, number: str | None) -> None:
    """Let NAME in, and print the link by which he chooses his password."""
    given = settings()
    with database(given) as engine:
        site = site_named(engine, site_name) if site_name else None
        bound = phone(number, site.region if site else "CN") if number else None
        added, token = add_user(engine, name, roles, site.id if site else None, bound, utc_now())
    click.echo(f"{added.name} chooses a password here, once, within {LINK_LIFE.days} days: {link_of(given, token)}")


def list_users(as_json: bool) -> None:
    """List who may log in."""
    with database() as engine:
        names = {site.id: site.name for site in all_sites(engine)}
        known = all_users(engine)
    rows = []
    for each in known:
        site = ALL_SITES if each.site_id is None else names[each.site_id]
        chosen = "chosen" if each.has_password else "not yet"
        rows.append([each.name, " ".join(each.roles), site, each.phone or "", chosen])
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    write_table(rows, COLUMNS, sys.stdout)


def remove(name: str) -> None:
    """Let NAME in no more; his logins end at once."""
    with database() as engine:
        remove_user(engine, name, utc_now())
    click.echo(f"{name} may not log in any more.")


def reset(name: str) -> None:
    """Take NAME's password away, end his logins, and print a link by which he chooses another."""
    given = settings()
    with database(given) as engine:
        token = reset_user(engine, name, utc_now())
    click.echo(f"{name} chooses a password here, once, within {LINK_LIFE.days} days: {link_of(given, token)}")


def link_of(given: Settings, token: str) -> str:
    """Return the address of a one-time link."""
    return f"{pages_address(given)}/welcome/{token}"
