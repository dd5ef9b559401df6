"""`baobei acts`: who did what on the pages; phones from which no act by text is taken after five wrong codes (L6)."""

import json
from dataclasses import asdict

import click

from worker.accounts.acts import record
from worker.cli.backfill import duration
from worker.cli.base import database
from worker.cli.problems import Problem
from worker.clock import utc_now
from worker.decide.set_up import drain, phone, site_named
from worker.line.reopen import reopen
from worker.readers.closings import closings
from worker.readers.deeds import ActSearch, deeds_of
from worker.store.database import reading

MOST_SHOWN = 500


def list_closed(as_json: bool) -> None:
    """List the phones from which no act by text is taken now, and until when."""
    with database() as engine, reading(engine).connect() as connection:
        closed = closings(connection, utc_now())
    if as_json:
        rows = [{"site": c.site, "phone": c.phone, "name": c.name, "text": c.seq, "until": c.until} for c in closed]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in closed:
        who = f"{each.name}, {each.phone}" if each.name else each.phone
        click.echo(f"{each.site}: {who}, by text {each.seq}, until {each.ends_at:%Y-%m-%d %H:%M} UTC")
    if not closed:
        click.echo("Acts by text are taken from every phone.")


def show_log(person: str | None, site_name: str | None, what: str | None, since: str | None, as_json: bool) -> None:
    """Show who did what on the pages and at the server, the newest first; at most five hundred."""
    with database() as engine:
        site_id = site_named(engine, site_name).id if site_name else None
        begin = utc_now() - duration(since) if since else None
        search = ActSearch(person=person, what=what, site_id=site_id, since=begin)
        found = deeds_of(engine, search, most=MOST_SHOWN)[:MOST_SHOWN]
    if as_json:
        rows = [asdict(each) | {"at": each.at.isoformat()} for each in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in found:
        parts = (f"{each.at:%Y-%m-%d %H:%M:%S} UTC", each.person or "(command line)", each.what, each.about)
        click.echo("  ".join(part for part in parts if part))
    if not found:
        click.echo("Nobody did such a thing.")


def open_acts(number: str, site_name: str) -> None:
    """Take acts by text from a phone again."""
    with database() as engine:
        site = site_named(engine, site_name)
        e164 = phone(number, site.region)
        with reading(engine).connect() as connection:
            closing = next((c for c in closings(connection, utc_now(), [site.id]) if c.phone == e164), None)
        if closing is None:
            raise Problem(f"No act of {number} is closed at {site_name}; `baobei acts list` shows what is closed.")
        reopen(engine, site.id, e164, closing.until)
        drain(engine, site.id)
        record(engine, None, "acts_opened", f"site {site.id} text {closing.seq}", utc_now())
    click.echo(f"Acts by text are taken from {number} at {site_name} again.")
