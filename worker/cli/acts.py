"""`baobei acts`: phones from which no act by text is taken after five wrong codes (L6)."""

import json

import click

from worker.accounts.acts import record
from worker.cli.base import database
from worker.cli.problems import Problem
from worker.clock import utc_now
from worker.decide.set_up import drain, phone, site_named
from worker.line.reopen import reopen
from worker.readers.closings import closings
from worker.store.database import reading


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
