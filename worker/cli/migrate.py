"""`baobei migrate`."""

import click

from worker.cli.base import settings
from worker.cli.problems import Problem
from worker.store.database import OldDatabaseError
from worker.store.revisions import migrate as bring_up_to_date
from worker.var_folder import make_folder


def migrate() -> None:
    """Bring the database up to date."""
    given = settings()
    make_folder(given.var)
    try:
        bring_up_to_date(given.database_url, click.echo)
    except OldDatabaseError as error:
        raise Problem(str(error)) from None
    except Exception as error:
        raise Problem(f"The database could not be migrated: {type(error).__name__}; check DATABASE_URL.") from error
    click.echo("The database is up to date.")
