"""`baobei redecide SITE:SEQ`: what could not be decided stands in line again (L26)."""

import re

import click

from worker.cli.base import database
from worker.cli.problems import Problem, WrongUsage
from worker.decide.set_up import all_sites, site_named
from worker.line.redecide import RedecideError
from worker.line.redecide import redecide as put_in_line_again


def redecide(where: str) -> None:
    """Put a message that could not be decided in line again; SITE is the site's name or id, SEQ its place."""
    found = re.fullmatch(r"\s*(.+?)\s*[:：]\s*([0-9]{1,12})\s*", where)
    if found is None:
        raise WrongUsage(f"“{where}” names no message; write its site and its place, as 翡翠湾:17 or 1:17.")
    with database() as engine:
        written, seq, known = found[1], int(found[2]), all_sites(engine)
        # A name goes before an id, as it may be digits alone.
        named = [s for s in known if s.name == written] or [s for s in known if str(s.id) == written]
        site = named[0] if named else site_named(engine, written)
        try:
            again = put_in_line_again(engine, site.id, seq)
        except RedecideError as error:
            raise Problem(str(error)) from None
    since = "now stands" if again.fresh else "stands already"
    click.echo(f"The message at place {seq} of {site.name} {since} in line again, at place {again.seq}.")
