"""`baobei backup` and `baobei restore`."""

from pathlib import Path

import click

from worker.backup.backup import BackupError, back_up
from worker.backup.restore import restore as load
from worker.cli.base import database, settings
from worker.cli.problems import Problem
from worker.cli.progress import Progress
from worker.clock import utc_now
from worker.var_folder import make_folder

NEXT = (
    "replies that were still to be sent are looked up at their gateway first. Now run `baobei audit`, and fetch with"
    " `baobei backfill` what has come since."
)


def backup(file: Path) -> None:
    """Write a consistent copy of the whole database to FILE, while everything runs."""
    with database() as engine:
        try:
            manifest = back_up(engine, file, utc_now(), Progress(_reached).tell)
        except BackupError as error:
            raise Problem(str(error)) from None
        except OSError as error:
            raise Problem(f"{file} could not be written: {error.strerror}.") from None
    for site in manifest["sites"]:
        click.echo(f"{site['name']}: up to place {site['last_seq']}, head {site['head'][:8]}")
    click.echo(f"{file}: {sum(manifest['rows'].values())} rows, sha256 {manifest['sha256'][:16]}…")


def restore(file: Path) -> None:
    """Load a backup into an empty database of either kind."""
    if not file.exists():
        raise Problem(f"There is no file {file}.")
    given = settings()
    make_folder(given.var)
    with database(given) as engine:
        try:
            manifest = load(engine, given.database_url, file, utc_now(), Progress(_reached).tell)
        except BackupError as error:
            raise Problem(str(error)) from None
    for site in manifest.sites:
        click.echo(f"{site['name']}: up to place {site['last_seq']}, head {site['head'][:8]}")
    click.echo(f"Restored as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC; {NEXT}")


def _reached(table: str, rows: int) -> str:
    return f"{table}: {rows} rows"
