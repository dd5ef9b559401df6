"""`baobei site` and `baobei staff`."""

import json
import sys

import click

from worker.cli.base import WrongUsage, database, settings
from worker.decide.set_up import SiteRow, all_sites, open_site, phone, set_aliases, set_policy, set_staff, site_named
from worker.files.exports import write_table
from worker.gateways.table import ADAPTERS
from worker.rules.model import ROLES
from worker.rules.policy import KEYS, policy_of

SITE_COLUMNS = ("name", "number", "gateway", "manager", "consultant", "service", "timezone", "language", "aliases")


@click.group("site")
def site() -> None:
    """Sites: each with its number, staff, policy and line."""


@site.command("add")
@click.argument("name")
@click.option("--number", required=True, help="The number that agents text to, as +86….")
@click.option("--manager", multiple=True, help="Phone of a manager; may be given several times.")
@click.option("--consultant", multiple=True, help="Phone of a consultant; may be given several times.")
@click.option("--service", multiple=True, help="Phone of client service; may be given several times.")
@click.option("--alias", "aliases", multiple=True, help="A further name that texts call it by; several may be given.")
@click.option("--gateway", type=click.Choice(sorted(ADAPTERS)), help="Default: twilio, or sandbox without an account.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def add(
    name: str,
    number: str,
    manager: tuple[str, ...],
    consultant: tuple[str, ...],
    service: tuple[str, ...],
    aliases: tuple[str, ...],
    gateway: str | None,
    timezone: str,
    language: str,
) -> None:
    """Open a site's line."""
    staff = {"manager": manager, "consultant": consultant, "service": service}
    given = settings()
    default = "sandbox" if given.sandbox else "twilio"
    with database(given) as engine:
        row = open_site(engine, name, number, staff, gateway or default, timezone, language, aliases=aliases)
    click.echo(f"{row.name} listens on {row.number} through {row.gateway}.")


@site.command("set")
@click.argument("name")
@click.option("--alias", "aliases", multiple=True, help="A name that texts call it by; all of them, “” for none.")
def set_site(name: str, aliases: tuple[str, ...]) -> None:
    """Change what a site is: by what further names it is known."""
    if not aliases:
        raise WrongUsage("Say what to set: --alias NAME, once for each further name of the site.")
    with database() as engine:
        set_aliases(engine, site_named(engine, name), [alias for alias in aliases if alias])
        known = site_named(engine, name).state.get("aliases", [])
    click.echo(f"{name} is known as {'、'.join(known)} as well." if known else f"{name} has no further names.")


@site.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_sites(as_json: bool) -> None:
    """List the sites."""
    with database() as engine:
        rows = [_site_cells(row) for row in all_sites(engine)]
    if as_json:
        click.echo(json.dumps([dict(zip(SITE_COLUMNS, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    write_table(rows, SITE_COLUMNS, sys.stdout)


def _site_cells(row: SiteRow) -> list[str]:
    staff = row.state.get("staff", {})
    phones = [" ".join(p for p, role in staff.items() if role == wanted) for wanted in ROLES]
    return [
        row.name,
        row.number,
        row.gateway,
        *phones,
        *(row.state.get(key, "") for key in ("timezone", "language")),
        " ".join(row.state.get("aliases", [])),
    ]


@site.command("policy")
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="KEY=VALUE…")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def policy(name: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Change a site's policy from now on; without pairs, show it."""
    with database() as engine:
        if pairs:
            receipt = set_policy(engine, site_named(engine, name), pairs)
        row = site_named(engine, name)
    given = row.state.get("policy", {})
    if pairs:
        what = "holds from place" if receipt.outcome == "accepted" else "was said already at place"
        click.echo(f"The policy of {name} {what} {receipt.seq} of its line.")
        return
    shown = {key: given.get(key) for key in KEYS}
    if as_json:
        click.echo(json.dumps({key: value for key, value in shown.items() if value}, ensure_ascii=False))
        return
    default = policy_of({})
    rows = [[key, value or str(getattr(default, key)), "set" if value else "default"] for key, value in shown.items()]
    write_table(rows, ("key", "value", "from"), sys.stdout)


@click.group("staff")
def staff() -> None:
    """Staff of a site: managers, consultants, service; several in each role."""


ROLE = click.argument("role", type=click.Choice(ROLES))
NAMED_SITE = click.option("--site", "site_name", required=True, help="The site's name.")


@staff.command("add")
@ROLE
@click.argument("number")
@NAMED_SITE
def add_staff(role: str, number: str, site_name: str) -> None:
    """Give a phone a role; one role a phone at a time (B32)."""
    with database() as engine:
        row = site_named(engine, site_name)
        set_staff(engine, row, {phone(number, row.region): role})
    click.echo(f"{number} is {role} of {site_name} from now on.")


@staff.command("remove")
@click.argument("number")
@NAMED_SITE
def remove_staff(number: str, site_name: str) -> None:
    """Take a phone's role away."""
    with database() as engine:
        row = site_named(engine, site_name)
        set_staff(engine, row, {phone(number, row.region): ""})
    click.echo(f"{number} has no role at {site_name} from now on.")


@staff.command("list")
@NAMED_SITE
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_staff(site_name: str, as_json: bool) -> None:
    """List a site's staff."""
    with database() as engine:
        row = site_named(engine, site_name)
    people = [[role, number] for number, role in row.state.get("staff", {}).items()]
    if as_json:
        click.echo(json.dumps([{"role": role, "phone": number} for role, number in people]))
        return
    write_table(people, ("role", "phone"), sys.stdout)
