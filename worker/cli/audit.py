"""`baobei audit`: the register computed again from the line, compared, and sealed."""

import json
import re
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from dataclasses import asdict
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from worker.cli.base import database
from worker.cli.problems import Problem, WrongUsage
from worker.cli.progress import Progress
from worker.decide.heads import SHOWN, places_of
from worker.decide.set_up import site_named
from worker.files.exports import cell
from worker.proof.alone import alone
from worker.proof.audit import Audited, OnProgress
from worker.proof.seals import Seal
from worker.proof.together import audit_all
from worker.store.database import snapshot
from worker.store.schema import sites

_HEAD = re.compile(rf"[0-9a-f]{{{SHOWN}}}")


def audit(site_name: str | None, since_seal: bool, sealing: bool, head: str | None, as_json: bool) -> None:
    """Compute the register again from the line and compare everything; exit 0 only when all agrees."""
    if head is not None:
        _look_up(head, site_name, as_json)
        return
    with database() as engine, alone(engine) if sealing else nullcontext(True) as mine:
        if not mine:
            raise Problem("Somebody else is sealing or erasing at the moment; wait until that has ended.")
        if site_name is not None:
            names = [site_named(engine, site_name).name]
        else:
            with snapshot(engine) as connection:
                names = list(connection.execute(select(sites.c.name).order_by(sites.c.id)).scalars())
        if not names:
            raise Problem("There is no site yet, so there is nothing to audit; `baobei site add` opens one.")
        try:
            results = list(audit_all(engine, names, since_seal, sealing, _progress))
        except BrokenProcessPool:
            raise Problem("One of the audit's processes was ended from outside; audit site by site.") from None
    _tell(results, as_json)
    raise SystemExit(0 if all(audited.clean for audited, _ in results) else 1)


def _progress() -> OnProgress:
    return Progress("{}: place {} of {}".format).tell


def _look_up(written: str, site_name: str | None, as_json: bool) -> None:
    """Say where on a chain a head stands; that it stands on none is a problem."""
    head8 = written.strip().lower()
    if not _HEAD.fullmatch(head8):
        raise WrongUsage(f"“{written}” is no head; a head is the 8 hex digits of a digest or export, as 1a2b3c4d.")
    with database() as engine:
        wanted = None if site_name is None else site_named(engine, site_name).name
        with snapshot(engine) as connection:
            found = [row for row in places_of(connection, head8) if wanted in (None, row.name)]
    if not found:
        raise Problem(f"Head {head8} is on no chain: what it stood for was changed or lost, or it was mistyped.")
    if as_json:
        said = [{"site": row.name, "seq": row.seq, "received_at": row.received_at.isoformat()} for row in found]
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for row in found:
        click.echo(f"{row.name}: head {head8} is at place {row.seq}, {cell(row.received_at, ZoneInfo(row.timezone))}.")


def _tell(results: list[tuple[Audited, Seal | None]], as_json: bool) -> None:
    if as_json:
        said: list[dict[str, object]] = []
        for audited, seal in results:
            sealed = None if seal is None else {"seq": seal.seq, "head": seal.head, "state_hash": seal.state_hash}
            said.append(asdict(audited) | {"clean": audited.clean, "seal": sealed})
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for audited, seal in results:
        begun = f" behind the seal at place {audited.after}" if audited.after else ""
        waiting = f", {audited.undecided} not decided yet" if audited.undecided else ""
        heads = f"{audited.heads} published head{'' if audited.heads == 1 else 's'}"
        upto = f"place {audited.decided}{begun}{waiting}; {heads}"
        if audited.clean:
            click.echo(f"{audited.site}: all agrees up to {upto}; head {audited.head[:SHOWN]}.")
        else:
            click.echo(f"{audited.site}: {audited.count} disagree up to {upto}.")
        for fault in audited.faults:
            click.echo(f"  {fault.sentence}")
        if audited.count > len(audited.faults):
            click.echo(f"  … and {audited.count - len(audited.faults)} more.")
        if seal is not None:
            head, state = seal.head[:SHOWN], seal.state_hash[:SHOWN]
            click.echo(f"{audited.site}: sealed at place {seal.seq}, {seal.facts} facts; head {head}, state {state}.")
