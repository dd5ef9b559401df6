"""`baobei user`: who may log in to the staff pages."""

import json
import sys
from collections.abc import Sequence

import click
from sqlalchemy import Engine

from parsers.numbers import DEFAULT_REGION
from worker.accounts.alert_choice import want_alerts
from worker.accounts.upkeep import remove_user, renew_link, set_rights, user_named
from worker.accounts.users import LINK_LIFE, add_user, all_users
from worker.cli.base import database, settings
from worker.cli.problems import WrongUsage
from worker.clock import utc_now
from worker.decide.moved_phones import check_bindable, rebind, tell_bound
from worker.decide.set_up import all_sites, phone, site_named
from worker.files.exports import write_table
from worker.settings import Settings
from worker.var_folder import pages_address

COLUMNS = ("name", "roles", "sites", "phone", "password")
ALL_SITES = "all"


def add(name: str, roles: tuple[str, ...], site_names: tuple[str, ...], number: str | None) -> None:
    """Let NAME in, and print the link by which he chooses his password."""
    given = settings()
    with database(given) as engine:
        bound = _phone(engine, number, site_names) if number else None
        ids = [site_named(engine, site).id for site in site_names] or None
        if bound is not None:
            check_bindable(engine, roles, ids, bound)
        added, token = add_user(engine, name, roles, ids, bound, utc_now())
        if bound is not None:
            tell_bound(engine, added, bound)
    click.echo(f"{added.name} chooses a password here, once, within {LINK_LIFE.days} days: {link_of(given, token)}")


def list_users(as_json: bool) -> None:
    """List who may log in."""
    with database() as engine:
        names = {site.id: site.name for site in all_sites(engine)}
        known = all_users(engine)
    rows = []
    for each in known:
        sites = ALL_SITES if each.site_ids is None else "、".join(names[site_id] for site_id in each.site_ids)
        chosen = "chosen" if each.has_password else "not yet"
        rows.append([each.name, " ".join(each.roles), sites, each.phone or "", chosen])
    if as_json:
        click.echo(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    write_table(rows, COLUMNS, sys.stdout)


def set_user(
    name: str,
    roles: tuple[str, ...],
    site_names: tuple[str, ...],
    everywhere: bool,
    number: str | None,
    alerts: str | None,
) -> None:
    """Change NAME's roles, sites, phone, or whether he gets alerts by text; what is not named stays.

    His old phone is told of a new one.
    """
    if not (roles or site_names or everywhere or number is not None or alerts):
        raise WrongUsage("Say what to set: --role, --site (or --all-sites), --phone or --alerts.")
    if site_names and everywhere:
        raise WrongUsage("Say --site, once for each of his sites, or --all-sites, not both.")
    with database() as engine:
        user, now = user_named(engine, name), utc_now()
        if roles or site_names or everywhere:
            named = [site_named(engine, site).id for site in site_names]
            theirs = None if everywhere else named or user.site_ids
            set_rights(engine, user, roles or user.roles, theirs, now)
        if number is not None:
            bound = _phone(engine, number, site_names) if number else None
            rebind(engine, user_named(engine, name), bound, now)
        if alerts is not None:
            want_alerts(engine, user_named(engine, name), alerts == "on", now, by=None)
    click.echo(f"{name} is changed; `baobei user list` shows how.")


def remove(name: str) -> None:
    """Let NAME in no more; his logins end at once."""
    with database() as engine:
        remove_user(engine, user_named(engine, name), utc_now())
    click.echo(f"{name} may not log in any more.")


def reset(name: str) -> None:
    """Take NAME's password away, end his logins, and print a link by which he chooses another."""
    given = settings()
    with database(given) as engine:
        token = renew_link(engine, user_named(engine, name), utc_now())
    click.echo(f"{name} chooses a password here, once, within {LINK_LIFE.days} days: {link_of(given, token)}")


def _phone(engine: Engine, number: str, site_names: Sequence[str]) -> str:
    """Return a number in E.164, as it is read at the first of these sites."""
    return phone(number, site_named(engine, site_names[0]).region if site_names else DEFAULT_REGION)


def link_of(given: Settings, token: str) -> str:
    """Return the address of a one-time link."""
    return f"{pages_address(given)}/welcome/{token}"
