"""`baobei explain`: whose a client is, why, by which rules and facts, and until when (K2)."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import click
from sqlalchemy import Connection, Engine, select

from parsers.phones import one_phone
from worker.cli.base import database
from worker.cli.problems import Problem, WrongUsage
from worker.clock import utc_now
from worker.decide.set_up import SiteRow, all_sites, site_named
from worker.proof.past import ErasedError, compute_until, place_at
from worker.proof.scratch import UndecidableError, scratch_database
from worker.readers.cases import client_of, present_of, read_case
from worker.rules.chain import canonical
from worker.rules.client import Client
from worker.rules.dates import whole_moment
from worker.rules.story import Case, story
from worker.store.database import reading, snapshot
from worker.store.schema import sites
from worker.words.story import told


def explain(asked: tuple[str, ...], site_name: str | None, moment: str | None, as_json: bool) -> None:
    """Say whose a client is, why, by which rules and facts, and until when."""
    words = " ".join(asked)
    with database() as engine:
        site = the_site(engine, site_name)
        if moment:
            meant = whole_moment(moment, site.zone)
        else:
            with reading(engine).connect() as connection:
                meant = present_of(connection, site.id, utc_now())
        if meant is None:
            raise WrongUsage(f"“{moment}” is no time; write 2026-11-05 09:00:00.")
        at = meant.astimezone(UTC)
        with _register_at(engine, site, at) as (connection, undecided):
            case = read_case(connection, site.id, client_asked(connection, site, words), at)
    if not case.known:
        raise Problem(f"Nobody had reported {words} at {site.name} by then.")
    click.echo(_as_json(case, undecided) if as_json else told(case, undecided))


def the_site(engine: Engine, name: str | None) -> SiteRow:
    """Return the site of this name, or the only one."""
    if name is not None:
        return site_named(engine, name)
    known = all_sites(engine)
    if len(known) > 1:
        raise WrongUsage(f"There are several sites: say which one with --site ({', '.join(s.name for s in known)}).")
    if not known:
        raise Problem("There is no site yet; `baobei site add` opens one.")
    return known[0]


def client_asked(connection: Connection, site: SiteRow, words: str) -> Client:
    """Return the client that is meant by a registration's number, or by name and mask."""
    number = re.fullmatch(r"[RrＲ]?\s*(\d{1,12})", words)
    if number is not None:
        found = client_of(connection, site.id, int(number[1]))
        if found is None:
            raise Problem(f"{site.name} has no registration R{int(number[1])} by then.")
        return found
    name, _, mask = words.rpartition(" ")
    phone = one_phone(mask, site.region)
    if not name or phone is None:
        raise WrongUsage(f"“{words}” names nobody; write R1024, or 张三 138****5678.")
    return Client(name, phone.first3, phone.last4)


@contextmanager
def _register_at(engine: Engine, site: SiteRow, at: datetime) -> Iterator[tuple[Connection, int]]:
    """Yield the register as of a moment, and how many texts were received by then that are not decided yet."""
    with snapshot(engine) as source:
        row = source.execute(select(sites).where(sites.c.id == site.id)).one()
        place, decided = place_at(source, site.id, at), place_at(source, site.id, datetime.max.replace(tzinfo=UTC))
        if place == decided:
            yield source, row.last_seq - decided
            return
        with scratch_database() as scratch:
            try:
                compute_until(source, scratch, row, place)
            except ErasedError:
                raise Problem("Texts from before that moment are erased by now; ask about a later one.") from None
            except UndecidableError as error:
                sentence = f"The line cannot be computed again past place {error.seq}; run `baobei audit`."
                raise Problem(sentence) from None
            yield scratch, 0


def _as_json(case: Case, undecided: int) -> str:
    answer = case.answer
    owner = {"unit": answer.unit, "agent": answer.agent} if answer.unit else None
    said = {
        "site": case.state.site.name,
        "at": case.at,
        "client": case.client.name,
        "phone": case.client.mask,
        "owner": owner,
        "until": answer.until,
        "rules": list(answer.rules),
        "facts": list(answer.facts),
        "flags": list(answer.flags),
        "story": [asdict(item) for item in story(case)],
        "undecided": undecided,
        "text": told(case, undecided),
    }
    return json.dumps(json.loads(canonical(said)), ensure_ascii=False, indent=2)
