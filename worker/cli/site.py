"""`baobei site`: sites, each with its number, staff, policy and line."""

import json
import sys

import click
from sqlalchemy import Engine

from worker.accounts.acts import record
from worker.cli.base import database, settings
from worker.cli.commands.options import GATEWAYS
from worker.cli.problems import WrongUsage
from worker.clock import utc_now
from worker.decide.set_up import all_sites, as_it_is, open_site, set_policy, site_named
from worker.decide.site_change import SETTINGS, change_site, clients_called, listed_elsewhere, names_in, settings_of
from worker.files.exports import write_table
from worker.phones.gateways import added_gateways
from worker.rules.model import ROLES
from worker.rules.policy import KEYS, policy_of, written
from worker.settings import Settings

SITE_COLUMNS = ("name", "number", "gateway", "manager", "consultant", "service", "timezone", "language", "aliases")


def add(
    name: str,
    number: str,
    manager: tuple[str, ...],
    consultant: tuple[str, ...],
    service: tuple[str, ...],
    aliases: tuple[str, ...],
    telephone: str,
    gateway: str | None,
    timezone: str,
    language: str,
) -> None:
    """Open a site's line."""
    staff = {"manager": manager, "consultant": consultant, "service": service}
    given = settings()
    with database(given) as engine:
        carrier = _carrier(engine, given, gateway)
        row = open_site(engine, name, number, staff, carrier, timezone, language, aliases=aliases, telephone=telephone)
        record(engine, None, "site_added", f"site {row.id}", utc_now())
    click.echo(f"{row.name} listens on {row.number} through {row.gateway}.")


def _carrier(engine: Engine, given: Settings, wanted: str | None) -> str:
    """Return the gateway of a new site: the one that is wanted, else the one that there is."""
    added = [gateway.name for gateway in added_gateways(engine)]
    if wanted is not None:
        if wanted not in (*GATEWAYS, *added):
            known = ", ".join(sorted((*GATEWAYS, *added)))
            raise WrongUsage(f"There is no gateway “{wanted}”; there are: {known}.")
        return wanted
    if given.twilio is not None or given.sandbox:
        return "sandbox" if given.sandbox else "twilio"
    if len(added) != 1:
        raise WrongUsage("Say which gateway carries its texts: --gateway NAME; `baobei gateway list` shows them.")
    return added[0]


def set_site(name: str, pairs: tuple[str, ...], aliases: tuple[str, ...], telephone: str | None) -> None:
    """Change what a site is, from now on, by KEY=VALUE pairs; `aliases` and `telephone` are two of them by options."""
    given = {"aliases": ",".join(aliases)} if aliases else {}
    given |= {"telephone": telephone} if telephone is not None else {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise WrongUsage(f"Write settings as KEY=VALUE; “{pair}” has no =. They are {', '.join(SETTINGS)}.")
        given[key] = value
    if not given:
        raise WrongUsage(f"Say what to set, as KEY=VALUE or by --alias, --telephone; it can be {', '.join(SETTINGS)}.")
    with database() as engine:
        before = site_named(engine, name)
        called = {alias: clients_called(engine, before, alias) for alias in names_in(given.get("aliases", ""))}
        wanted = {*called, given.get("name", "")} - {"", name}
        listed = {word: where for word in sorted(wanted) if (where := listed_elsewhere(engine, before, word))}
        for receipt in change_site(engine, before, given):
            record(engine, None, "site_changed", f"site {before.id} text {receipt.seq}", utc_now())
        after = as_it_is(engine, before)
    for key, was in settings_of(before).items():
        if key in given:
            now = settings_of(after)[key]
            says = f"{name}: {key} is {now}" if now else f"{name} names no {key}"
            click.echo(f"{says}, was {was or 'none'}." if now != was else f"{says}, as before.")
    for alias, count in called.items():
        if count:
            click.echo(f"Note: {count} clients are called {alias}; a report about one may be taken for the site.")
    for word, where in listed.items():
        click.echo(f"Note: {word} stands on the roster of {', '.join(where)}; a report there could mean either.")


def list_sites(as_json: bool) -> None:
    """List the sites."""
    with database() as engine:
        known = all_sites(engine)
    rows = []
    for row in known:
        phones = [" ".join(p for p, role in row.staff.items() if role == wanted) for wanted in ROLES]
        zone_and_language = (row.state.get(key, "") for key in ("timezone", "language"))
        aliases = " ".join(row.state.get("aliases", []))
        rows.append([row.name, row.number, row.gateway, *phones, *zone_and_language, aliases])
    if as_json:
        click.echo(json.dumps([dict(zip(SITE_COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    write_table(rows, SITE_COLUMNS, sys.stdout)


def policy(name: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Change a site's policy from now on; without pairs, show it."""
    with database() as engine:
        if pairs:
            site = site_named(engine, name)
            receipt = set_policy(engine, site, pairs)
            if receipt.outcome == "accepted":
                record(engine, None, "policy_set", f"site {site.id} text {receipt.seq}", utc_now())
        row = site_named(engine, name)
    given = row.state.get("policy", {})
    if pairs:
        what = "holds from place" if receipt.outcome == "accepted" else "was said already at place"
        click.echo(f"The policy of {name} {what} {receipt.seq} of its line.")
        return
    shown = {key: given.get(key) for key in KEYS}
    if as_json:
        read = policy_of(given)
        numbers = {key for key in KEYS if type(getattr(read, key)) is int}
        said = {k: getattr(read, k) if k in numbers else written for k, written in shown.items() if written}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    default = policy_of({})
    rows = [
        [key, value or written(getattr(default, key)), "set" if value else "default"] for key, value in shown.items()
    ]
    write_table(rows, ("key", "value", "from"), sys.stdout)
