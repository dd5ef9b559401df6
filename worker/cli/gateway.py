"""`baobei gateway`: which gateways or numbers are stopped, and letting them send again; replies that stand still."""

import json

import click

from worker.cli.base import database
from worker.cli.problems import Problem
from worker.gateways.table import ADAPTERS
from worker.outbox.stops import resume as let_send
from worker.outbox.stops import stops
from worker.phones.gateways import added_gateways


def list_stops(as_json: bool) -> None:
    """Show what cannot send, since when and why."""
    with database() as engine:
        rows = stops(engine)
    if as_json:
        named = [{**row._asdict(), "since": row.since.isoformat()} for row in rows]
        click.echo(json.dumps(named, ensure_ascii=False))
        return
    for row in rows:
        what = f"{row.gateway} {row.number}" if row.number else row.gateway
        click.echo(f"{what}: stopped since {row.since:%Y-%m-%d %H:%M} UTC, {row.code}: {row.words}")
    if not rows:
        click.echo("Every gateway sends.")


def resume(name: str) -> None:
    """Let the gateway NAME and all its numbers send again, once what stopped them is mended."""
    with database() as engine:
        known = {*ADAPTERS, *(gateway.name for gateway in added_gateways(engine))}
        if name not in known:
            raise Problem(f"There is no gateway “{name}”; there are: {', '.join(sorted(known))}.")
        ended = let_send(engine, name)
    click.echo(f"{name} sends again; what waited goes out now." if ended else f"{name} was not stopped.")
