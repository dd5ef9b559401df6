"""What reads texts, and what tells of the register, proves it and keeps it: `parse`, `register`, `audit`, `backup` …"""

from pathlib import Path

import click

from worker.cli.commands.options import AS_JSON, ASKED, FILE, FLAGS, FORMATS, LIST, NAMED_SITE, ONE_SITE, STATUSES
from worker.cli.program import done_by


@click.command()
@done_by("parse:parse")
def parse() -> None:
    """Read JSON lines {"id", "text"} on standard input; write what each means, one JSON line each."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
@done_by("rehearse:rehearse_files")
def rehearse() -> None:
    """Play scenario files on a virtual clock, in memory; print every broken expectation with its line."""


@click.command("scenario")
@ASKED
@done_by("register:export_scenario")
def register_scenario() -> None:
    """Write a client's case as a scenario that `baobei rehearse` plays."""


class RegisterGroup(click.Group):
    """Takes what is no command of its own for the client of `--format scenario`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named, else the one that writes a client's scenario."""
        if ctx.params.get("form") == "scenario" and args and args[0] not in self.commands:
            return register_scenario.name, register_scenario, args
        return super().resolve_command(ctx, args)


@click.group(cls=RegisterGroup, invoke_without_command=True)
@ONE_SITE
@click.option("--status", help=f"One status only: {', '.join(STATUSES)}, none, or the code of an answer.")
@click.option("--flag", type=click.Choice(FLAGS), help="Only registrations of which this is noted.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; xlsx needs one.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@done_by("register:register")
def register() -> None:
    """Show or export the register (登记表); `--format scenario R1024` exports one client's case to be played."""


@register.command("import")
@LIST
@NAMED_SITE
@done_by("register:import_register")
def register_import() -> None:
    """Go live with a running register: CSV or xlsx with client, phone, agent, unit, reported_at[, visited_at]."""


@click.command()
@ASKED
@click.option("--site", "site_name", help="The site's name; needed when there are several.")
@click.option("--at", "moment", help="The answer of a past moment: 2026-11-05 09:00[:00], in the site's time zone.")
@AS_JSON
@done_by("explain:explain")
def explain() -> None:
    """Say whose a client is, why, by which rules and facts, and until when."""


@click.command()
@ONE_SITE
@click.option("--since-seal", is_flag=True, help="Begin behind the newest seal instead of at the line's first place.")
@click.option("--seal", "sealing", is_flag=True, help="When all agrees, seal a checkpoint of each site.")
@click.option("--head", help="Only look up the head (8 hex digits) that stands in somebody's digest or export.")
@AS_JSON
@done_by("audit:audit")
def audit() -> None:
    """Compute the register again from the line and compare everything; exit 0 only when all agrees."""


@click.command()
@FILE
@done_by("backup:backup")
def backup() -> None:
    """Write a consistent copy of the whole database to FILE, while everything runs."""


@click.command()
@FILE
@done_by("backup:restore")
def restore() -> None:
    """Load a backup into an empty database of either kind."""


@click.command()
@ONE_SITE
@click.option("--dry-run", is_flag=True, help="Count what is due and change nothing.")
@AS_JSON
@done_by("retention:retention")
def retention() -> None:
    """Erase what is older than the policy's periods; nothing that a live protection, form, deal or dispute needs."""
