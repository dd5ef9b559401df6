"""What sets a site up: `site`, `staff`, `roster`; and `acts`, which lets people act by text again."""

import click

from worker.cli.commands.options import AS_JSON, LANGUAGES, LIST, NAME, NAMED_SITE, NUMBER, ONE_SITE, STAFF_ROLES
from worker.cli.program import done_by


@click.group()
def site() -> None:
    """Sites: each with its number, staff, policy and line."""


@site.command("add")
@NAME
@click.option("--number", required=True, help="The number that agents text to, as +86….")
@click.option("--manager", multiple=True, help="Phone of a manager; may be given several times.")
@click.option("--consultant", multiple=True, help="Phone of a consultant; may be given several times.")
@click.option("--service", multiple=True, help="Phone of client service; may be given several times.")
@click.option("--alias", "aliases", multiple=True, help="A further name that texts call it by; several may be given.")
@click.option("--telephone", default="", help="The telephone that people ring, no person's own.")
@click.option("--gateway", help="One of `baobei gateway list`; default: twilio, or sandbox without an account.")
@click.option("--timezone", default="Asia/Shanghai", show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@done_by("site:add")
def site_add() -> None:
    """Open a site's line."""


@site.command("set")
@NAME
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE…]")
@click.option("--alias", "aliases", multiple=True, help="A name that texts call it by; all of them, “” for none.")
@click.option("--telephone", help="The telephone that people ring, no person's own; “” for none.")
@done_by("site:set_site")
def site_set() -> None:
    """Change what a site is, from now on: name, aliases (a,b), number, telephone, language, timezone."""


@site.command("list")
@AS_JSON
@done_by("site:list_sites")
def site_list() -> None:
    """List the sites."""


@site.command("policy")
@NAME
@click.argument("pairs", nargs=-1, metavar="KEY=VALUE…")
@AS_JSON
@done_by("site:policy")
def site_policy() -> None:
    """Change a site's policy from now on; without pairs, show it."""


@click.group()
def staff() -> None:
    """Staff of a site: managers, consultants, service; several in each role."""


@staff.command("add")
@click.argument("role", type=click.Choice(STAFF_ROLES))
@NUMBER
@NAMED_SITE
@click.option("--name", help="What its owner is called on papers, lists and notices; “” takes a name away.")
@done_by("staff:add")
def staff_add() -> None:
    """Give a phone a role, and its owner a name; one role a phone at a time (B32)."""


@staff.command("remove")
@NUMBER
@NAMED_SITE
@done_by("staff:remove")
def staff_remove() -> None:
    """Take a phone's role away."""


@staff.command("list")
@NAMED_SITE
@AS_JSON
@done_by("staff:list_staff")
def staff_list() -> None:
    """List a site's staff."""


@click.group()
def roster() -> None:
    """The roster (分销人员名单): who may report, for which unit, from when (R26)."""


@roster.command("import")
@LIST
@NAMED_SITE
@done_by("roster:import_roster")
def roster_import() -> None:
    """Add and change lines from a CSV or xlsx (name, phone, unit, kind, from, to, aliases): all of them, or none."""


@roster.command("remove")
@NUMBER
@NAMED_SITE
@done_by("roster:remove")
def roster_remove() -> None:
    """End a phone's line of the roster from now on; its live claims stay with the unit (B33)."""


@roster.command("list")
@NAMED_SITE
@AS_JSON
@done_by("roster:list_roster")
def roster_list() -> None:
    """List who is on the roster."""


@click.group()
def acts() -> None:
    """Who did what on the pages; and acts by text, which five wrong codes within a day close for a phone (L6)."""


@acts.command("log")
@click.option("--person", help="Acts of this user only.")
@ONE_SITE
@click.option("--what", help="Acts of this kind only: resend, export, user_added …")
@click.option("--since", help="How far to look back: 30m, 2h, 3d.")
@AS_JSON
@done_by("acts:show_log")
def acts_log() -> None:
    """Show who did what on the pages and at the server, the newest first."""


@acts.command("list")
@AS_JSON
@done_by("acts:list_closed")
def acts_list() -> None:
    """List the phones from which no act by text is taken now, and until when."""


@acts.command("open")
@NUMBER
@NAMED_SITE
@done_by("acts:open_acts")
def acts_open() -> None:
    """Take acts by text from a phone again."""
