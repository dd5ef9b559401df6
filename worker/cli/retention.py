"""`baobei retention`: what is older than the policy's periods is erased, provably and for good."""

import json
from contextlib import nullcontext

import click
from sqlalchemy import select

from worker.cli.base import database, settings
from worker.cli.problems import Problem
from worker.cli.progress import Progress
from worker.clock import utc_now
from worker.decide.set_up import site_named
from worker.line.spool import Spool
from worker.proof.alone import alone
from worker.retention.elsewhere import erase_elsewhere
from worker.retention.run import Retained, UnprovedError, retain
from worker.retention.scrub import scrub
from worker.store.database import reading
from worker.store.schema import sites

KINDS = {
    "inbox": "texts",
    "replies": "replies",
    "claims": "registrations",
    "reports": "rows of the register",
    "follow_ups": "follow-ups",
    "visits": "visit forms",
    "kin": "family links",
    "aliases": "further numbers",
    "senders": "remembered phones",
    "unrouted": "texts to no site",
    "unreadable_files": "unreadable files",
    "acts": "records of acts",
    "throttles": "tries to log in",
    "retentions": "records of retention",
}
PERIODS = ("keep_texts_days", "keep_unvisited_days", "keep_visited_days")


def retention(site_name: str | None, dry_run: bool, as_json: bool) -> None:
    """Erase what is older than the policy's periods; nothing that a live protection, form, deal or dispute needs."""
    given = settings()
    with database(given) as engine, nullcontext(True) if dry_run else alone(engine) as mine:
        if not mine:
            raise Problem("Somebody else is sealing or erasing at the moment; wait until that has ended.")
        wanted = select(sites).order_by(sites.c.id)
        if site_name is not None:
            wanted = wanted.where(sites.c.id == site_named(engine, site_name).id)
        with reading(engine).connect() as connection:
            meant = connection.execute(wanted).all()
        progress = "{}: {}, {} so far".format
        try:
            results = [retain(engine, site, utc_now(), dry_run, Progress(progress).tell) for site in meant]
        except UnprovedError as error:
            raise Problem(str(error)) from None
        elsewhere = {} if site_name else erase_elsewhere(engine, Spool(given.var / "spool"), utc_now(), dry_run)
        scrubbed = dry_run or scrub(engine)
    if as_json:
        click.echo(_as_json(results, elsewhere, dry_run))
    else:
        lines = [line for each in results for line in _of_site(each, dry_run)]
        if elsewhere:
            lines.append(f"Of no site: {_listed(elsewhere)}{' due' if dry_run else ' erased'}.")
        click.echo("\n".join(lines) or "There is no site yet, and nothing old elsewhere.")
    if not scrubbed:
        raise Problem("Others were reading the database, so its write-ahead log still holds old copies; run it again.")


def _as_json(results: list[Retained], elsewhere: dict[str, int], dry_run: bool) -> str:
    of_sites = [
        {
            "site": each.site,
            "periods": {name: getattr(each.policy, name) for name in PERIODS},
            "counts": each.counts,
            "seal": each.seal,
            "finished": each.finished,
        }
        for each in results
    ]
    said = {"dry_run": dry_run, "sites": of_sites, "elsewhere": elsewhere}
    return json.dumps(said, ensure_ascii=False, indent=2)


def _of_site(each: Retained, dry_run: bool) -> list[str]:
    periods = ", ".join(f"{name}={getattr(each.policy, name)}" for name in PERIODS)
    if not each.counts:
        return [f"{each.site}: nothing is due ({periods})."]
    if dry_run:
        return [f"{each.site}: {_listed(each.counts)} due ({periods}); nothing was changed."]
    lines = [f"{each.site}: {_listed(each.counts)} erased behind the seal at place {each.seal} ({periods})."]
    if not each.finished:
        lines.append(f"{each.site}: more texts came than the seal reaches; run it again for the rest.")
    return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts.get(kind))
