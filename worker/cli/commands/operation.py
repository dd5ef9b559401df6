"""What runs and looks after the program: `up`, `migrate`, `doctor`, `work`, `sweep`, `user` …"""

import click

from worker.cli.commands.options import AS_JSON, NAME, USER_ROLES
from worker.cli.program import done_by


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--var", type=click.Path(file_okay=False), help="Folder for everything kept; BAOBEI_VAR, else ./var.")
@click.option("--demo", "show", is_flag=True, help="Play a demonstration: a site, its roster and a dozen texts.")
@click.option("--exit-after-demo", is_flag=True, help="Stop after the demonstration; its outcome is the exit code.")
@done_by("up:up")
def up() -> None:
    """Bring the database up to date and run every process until Ctrl-C."""


@click.command()
@done_by("migrate:migrate")
def migrate() -> None:
    """Bring the database up to date."""


@click.command()
@AS_JSON
@done_by("doctor:doctor")
def doctor() -> None:
    """Check configuration and every dependency; exit with 1 when there is a problem. Changes no data."""


@click.group()
def work() -> None:
    """Run a worker that answers the bell."""


@work.command("decide")
@done_by("work:decide")
def work_decide() -> None:
    """Decide what is in line, whenever the bell rings."""


@work.command("send")
@done_by("work:send")
def work_send() -> None:
    """Send the replies that are due, whenever the bell rings."""


@click.command()
@done_by("work:sweep")
def sweep() -> None:
    """See to whatever waits, every few seconds; do the work when the bell is gone."""


@click.command()
@click.argument("where", metavar="SITE:SEQ")
@done_by("redecide:redecide")
def redecide() -> None:
    """Put a message that could not be decided in line again; SITE is the site's name or id, SEQ its place."""


@click.command()
@click.option("--since", required=True, help="How far to look back: 30m, 2h, 3d.")
@click.option("--gateway", "name", help="Ask this gateway only.")
@AS_JSON
@done_by("backfill:backfill")
def backfill() -> None:
    """Ask the gateways for texts that never reached us, and put them in line."""


@click.group()
def user() -> None:
    """Accounts of the staff pages."""


@user.command("add")
@NAME
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(USER_ROLES), help="May be given twice."
)
@click.option("--site", "site_names", multiple=True, help="A site that he sees; several may be given. Default: all.")
@click.option("--phone", "number", help="His registered phone: what he signs on a page counts like a text from it.")
@done_by("user:add")
def user_add() -> None:
    """Let NAME in, and print the link by which he chooses his password."""


@user.command("set")
@NAME
@click.option("--role", "roles", multiple=True, type=click.Choice(USER_ROLES), help="All his roles from now on.")
@click.option("--site", "site_names", multiple=True, help="All the sites that he sees from now on.")
@click.option("--all-sites", "everywhere", is_flag=True, help="He sees every site.")
@click.option("--phone", "number", help="His registered phone, “” for none; the old one is told of it.")
@click.option("--alerts", type=click.Choice(("on", "off")), help="Whether alerts come to his phone by text.")
@done_by("user:set_user")
def user_set() -> None:
    """Change NAME's roles, sites, phone or whether he gets alerts by text; what is not named stays."""


@user.command("list")
@AS_JSON
@done_by("user:list_users")
def user_list() -> None:
    """List who may log in."""


@user.command("remove")
@NAME
@done_by("user:remove")
def user_remove() -> None:
    """Let NAME in no more; his logins end at once."""


@user.command("reset")
@NAME
@done_by("user:reset")
def user_reset() -> None:
    """Take NAME's password away, end his logins, and print a link by which he chooses another."""
