"""What `baobei up` has done in processes whose memory goes with them: `-m worker.cli.errands prepare|demonstrate`.

Each sentence ends with a NUL, so that what has several lines is shown in one piece; one that begins with `Error: ` says
why it could not be done.
"""

import sys

import click
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from worker.accounts.users import FIRST_USER, LINK_LIFE, add_first_user
from worker.cli.base import settings
from worker.cli.problems import Problem
from worker.cli.up import FIRST_LOGIN, reachable_url, shown_url
from worker.clock import utc_now
from worker.store.database import OldDatabaseError, open_engine
from worker.store.revisions import migrate
from worker.up import demo

LOGIN_ABOVE = "the first login stands above."
LOGIN_BEFORE = (
    f"their first login was shown once, when they were new; `baobei user reset {FIRST_USER}` prints a link for another."
)


@click.group()
def main() -> None:
    """Do one of the things that `up` needs done, and end."""


@main.command()
def prepare() -> None:
    """Bring the database up to date; while nobody can log in, make the first account, or a new link for it.

    Its owner chooses a password by that link, once, and is led through the set-up: a password would stand in whatever
    journal keeps this, and a page that made the first account could be anybody's.
    """
    given = settings()
    try:
        migrate(given.database_url, _tell)
    except (SQLAlchemyError, CommandError, OldDatabaseError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise Problem(f"DATABASE_URL: the database cannot be brought up to date: {reason}") from None
    engine = open_engine(given.database_url)
    try:
        token = add_first_user(engine, utc_now())
    finally:
        engine.dispose()
    if token:
        link = f"{shown_url(given)}/welcome/{token}"
        _tell(f"{FIRST_LOGIN}: {FIRST_USER} chooses a password here, once, within {LINK_LIFE.days} days: {link}")


@main.command()
@click.option("--login-shown", is_flag=True)
def demonstrate(login_shown: bool) -> None:
    """Play the demonstration; its outcome is the exit code."""
    given = settings()
    base_url = reachable_url(given)
    try:
        code = demo.run(base_url, given, _tell)
    except Exception as error:
        # A traceback tells nobody at a terminal anything.
        raise Problem(f"The demonstration failed: {error}.") from None
    _tell(f"The staff pages: {base_url}/ · {LOGIN_ABOVE if login_shown else LOGIN_BEFORE}")
    sys.exit(code)


def _tell(sentence: str) -> None:
    # In bytes: the terminal is at the other end, and knows what it can show.
    sys.stdout.buffer.write(sentence.encode() + b"\0")
    sys.stdout.flush()


if __name__ == "__main__":
    main(prog_name="baobei")
