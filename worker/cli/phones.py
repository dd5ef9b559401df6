"""`baobei gateway list|add|carry|token|remove|phones|approve|end`: gateways that are added, and their phones."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
import segno
from sqlalchemy import Engine

from worker.cli.base import database, settings
from worker.cli.problems import WrongUsage
from worker.clock import utc_now
from worker.decide.set_up import all_sites, site_named
from worker.files.exports import write_table
from worker.gateways.base import SimCard
from worker.gateways.table import open_gateways
from worker.phones.approvals import Phone, approve, end, phones_of
from worker.phones.gateways import add_gateway, added_gateways, address_of, carry_sites, new_token
from worker.phones.removal import remove_gateway
from worker.settings import Settings

GATEWAY_COLUMNS = ("name", "kind", "sites")
PHONE_COLUMNS = ("phone", "gateway", "state", "device", "sims", "sites", "app", "registered", "seen")


def list_gateways(as_json: bool) -> None:
    """List the gateways, with the sites whose texts each carries."""
    given = settings()
    with database(given) as engine:
        kinds = {name: name for name in open_gateways(given, utc_now)}
        kinds |= {each.name: each.kind for each in added_gateways(engine)}
        carried: dict[str, list[str]] = {name: [] for name in kinds}
        for site in all_sites(engine):
            carried.setdefault(site.gateway, []).append(site.name)
    rows = [(name, kinds.get(name, "not set up"), names) for name, names in carried.items()]
    if as_json:
        click.echo(json.dumps([dict(zip(GATEWAY_COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    write_table([[name, kind, " ".join(names)] for name, kind, names in rows], GATEWAY_COLUMNS, sys.stdout)


def add(name: str, site_names: tuple[str, ...], as_json: bool) -> None:
    """Add a gateway of phones; print what is typed into the app."""
    given = settings()
    with database(given) as engine:
        made = add_gateway(engine, name, site_ids(engine, site_names), None, utc_now())
    _tell(given, name, made, as_json)


def carry(name: str, site_names: tuple[str, ...]) -> None:
    """Let a gateway of phones carry the texts of these sites."""
    if not site_names:
        raise WrongUsage("Say whose texts: --site SITE, once for each.")
    with database() as engine:
        carry_sites(engine, name, site_ids(engine, site_names), None, utc_now())
    click.echo(f"{name} carries the texts of {', '.join(site_names)} as soon as a phone is approved for them.")


def token(name: str, as_json: bool) -> None:
    """Give a gateway another token."""
    given = settings()
    with database(given) as engine:
        made = new_token(engine, name, None, utc_now())
    _tell(given, name, made, as_json)


def remove(name: str) -> None:
    """Remove a gateway that was added."""
    with database() as engine:
        remove_gateway(engine, name, None, utc_now())
    click.echo(f"{name} is removed, with its phones.")


def list_phones(name: str | None, as_json: bool) -> None:
    """Show the phones, those that wait first."""
    with database() as engine:
        phones = phones_of(engine, name)
    if as_json:
        click.echo(json.dumps([_named(phone) for phone in phones], ensure_ascii=False))
        return
    write_table([_row(phone) for phone in phones], PHONE_COLUMNS, sys.stdout)


def approve_phone(name: str, phone: str, sims: tuple[str, ...], beside: bool) -> None:
    """Let a phone be a gateway for these sites."""
    with database() as engine:
        ended = approve(engine, name, phone, _sims(engine, sims), None, utc_now(), beside=beside)
    click.echo(f"Phone {phone} is {name} from now on." + "".join(f" Phone {other} has ended." for other in ended))


def end_phone(phone: str) -> None:
    """Let a phone in no more."""
    with database() as engine:
        end(engine, phone, None, utc_now())
    click.echo(f"Phone {phone} has ended.")


def _tell(given: Settings, name: str, made: str, as_json: bool) -> None:
    """Print address and token, and a code from which a phone can read both."""
    address = address_of(given, name)
    if as_json:
        click.echo(json.dumps({"gateway": name, "address": address, "token": made}, ensure_ascii=False))
        return
    click.echo(f"API URL        {address}\nPrivate token  {made}")
    segno.make(f"{address}\n{made}", error="m").terminal(sys.stdout, compact=True)
    click.echo("Nobody is told the token again. Each phone that registers waits for `baobei gateway approve`.")
    if not address.startswith("https:"):
        click.echo("The app takes an https address only: set PUBLIC_URL to the one by which this server is reached.")


def site_ids(engine: Engine, names: Sequence[str]) -> list[int]:
    """Return the ids of the sites of these names. Raises SetUpError."""
    return [site_named(engine, name).id for name in names]


def _sims(engine: Engine, given: Sequence[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in given:
        sim, _, site = each.partition("=")
        if not re.fullmatch("[1-9]", sim) or not site:
            raise WrongUsage(f"Write --sim 1=SITE, with the number of the SIM's slot; “{each}” is not of that form.")
        if int(sim) in found:
            raise WrongUsage(f"SIM {sim} is named twice: it has one site's number.")
        found[int(sim)] = site_named(engine, site).id
    return found


def shown(card: SimCard) -> str:
    """Return a SIM card as commands show it."""
    return f"{card.sim_number}:{card.number or card.carrier or '?'}"


def _row(phone: Phone) -> list[str]:
    sims = " ".join(map(shown, phone.sims))
    served = " ".join(f"{sim}={name}" for sim, name in phone.sites.items())
    times = [f"{time:%Y-%m-%d %H:%M}" for time in (phone.registered_at, phone.seen_at)]
    return [phone.id, phone.gateway, phone.state, phone.name, sims, served, phone.app, *times]


def _named(phone: Phone) -> Mapping[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(phone).items()}
