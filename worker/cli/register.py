"""`baobei register`: the 《客户报备登记表》."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import func, select

from worker.cli.base import database
from worker.cli.explain import client_asked, the_site
from worker.cli.export import Export
from worker.cli.problems import Problem, WrongUsage
from worker.cli.progress import Progress
from worker.cli.roster import listed
from worker.clock import utc_now
from worker.decide.heads import publish_export
from worker.decide.people import checks_of
from worker.decide.set_up import all_sites, put, site_named
from worker.files.lists import read_register
from worker.files.tables import ListError
from worker.readers.cases import present_of, read_case
from worker.readers.register import STATUSES, RegisterRow, register_rows
from worker.readers.replay import played
from worker.readers.search import NO_CLAIM, Search
from worker.scenarios.writer import write_scenario
from worker.store.database import reading, snapshot
from worker.store.schema import reports
from worker.words.register import register_words


def export_scenario(asked: tuple[str, ...]) -> None:
    """Write a client's case as a scenario that `baobei rehearse` plays; site and file are the group's options."""
    group = click.get_current_context().parent
    given = group.params if group is not None else {}
    with database() as engine, snapshot(engine) as connection:
        site = the_site(engine, given["site_name"])
        client = client_asked(connection, site, " ".join(asked))
        case = read_case(connection, site.id, client, present_of(connection, site.id, utc_now()))
        lines = [f"{line}\n" for line in write_scenario(case, played(connection, site.id, case))]
    if given["output"] is None:
        sys.stdout.writelines(lines)
    else:
        given["output"].write_text("".join(lines), "utf-8")


def register(
    site_name: str | None,
    status: str | None,
    flag: str | None,
    form: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show or export the register (登记表); `--format scenario R1024` exports one client's case to be played."""
    form = "json" if as_json else form
    if form == "scenario":
        raise WrongUsage("A scenario is of one client: name him behind it, as --format scenario R1024.")
    if status not in (None, NO_CLAIM, *register_words("en")["status"]):
        known = ", ".join((*STATUSES, NO_CLAIM))
        raise WrongUsage(f"There is no status “{status}”; write {known}, or the code of an answer.")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise WrongUsage("A spreadsheet needs a file: add --output register.xlsx.")
    with database() as engine:
        sites_meant = [site_named(engine, site_name)] if site_name is not None else all_sites(engine)
        languages = {site.state.get("language", "zh") for site in sites_meant}
        language = languages.pop() if len(languages) == 1 else "en"
        export = Export(form, output, language, {site.name: site.zone for site in sites_meant})
        last: dict[str, RegisterRow] = {}
        rows = register_rows(engine, utc_now(), site_name, Search(status=status, flag=flag))
        # A site that was opened this very moment is in the next export.
        export.write(_noted((row for row in rows if row.site in export.zones), last))
        # These heads have gone outside.
        ids = {site.name: site.id for site in all_sites(engine)}
        publish_export(engine, {ids[name]: (row.seq, row.head) for name, row in last.items()}, utc_now())
    if form == "table":
        # A table on a terminal has no column for them.
        for name, row in last.items():
            click.echo(f"{name}: head {row.head} at place {row.seq}", err=True)


def _noted(rows: Iterator[RegisterRow], last: dict[str, RegisterRow]) -> Iterator[RegisterRow]:
    """Yield the rows, and say now and then how many that were; `last` gets the last one of each site."""
    progress = Progress("{} rows".format)
    for number, row in enumerate(rows, 1):
        last[row.site] = row
        yield row
        progress.tell(number)


def import_register(file: Path, site_name: str) -> None:
    """Go live with a running register: CSV or xlsx with client, phone, agent, unit, reported_at[, visited_at]."""
    with database() as engine:
        row = site_named(engine, site_name)
        try:
            rows = read_register(file.read_bytes(), checks_of(engine, row))
        except ListError as error:
            raise Problem(listed(file, error)) from None
        receipt = put(engine, row, "import", {"rows": rows})
        if receipt.outcome == "repeated":
            click.echo(f"This register was imported already, at place {receipt.seq} of the line; nothing changed.")
            return
        its = reports.c.site_id == row.id, reports.c.seq == receipt.seq
        counted = select(reports.c.code, func.count()).where(*its).group_by(reports.c.code)
        with reading(engine).connect() as connection:
            for code, count in connection.execute(counted):
                click.echo(f"{count} rows: {code}")
