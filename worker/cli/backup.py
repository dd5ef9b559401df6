"""`baobei backup` and `baobei restore`."""

import time
from pathlib import Path

import click

from worker.backup.backup import BackupError, back_up
from worker.backup.restore import restore as load
from worker.cli.base import Problem, database, settings
from worker.clock import utc_now

SAY_EVERY_S = 5.0
NEXT = (
    "replies that were still to be sent are looked up at their gateway first. Now run `baobei audit`, and fetch with"
    " `baobei backfill` what has come since."
)
FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@FILE
def backup(file: Path) -> None:
    """Write a consistent copy of the whole database to FILE, while everything runs."""
    with database() as engine:
        try:
            manifest = back_up(engine, file, utc_now(), Progress().tell)
        except BackupError as error:
            raise Problem(str(error)) from None
        except OSError as error:
            raise Problem(f"{file} could not be written: {error.strerror}.") from None
    for site in manifest["sites"]:
        click.echo(f"{site['name']}: up to place {site['last_seq']}, head {site['head'][:8]}")
    click.echo(f"{file}: {sum(manifest['rows'].values())} rows, sha256 {manifest['sha256'][:16]}…")


@click.command("restore")
@FILE
def restore(file: Path) -> None:
    """Load a backup into an empty database of either kind."""
    if not file.exists():
        raise Problem(f"There is no file {file}.")
    given = settings()
    given.var.mkdir(parents=True, exist_ok=True)
    with database(given) as engine:
        try:
            manifest = load(engine, given.database_url, file, utc_now(), Progress().tell)
        except BackupError as error:
            raise Problem(str(error)) from None
    for site in manifest.sites:
        click.echo(f"{site['name']}: up to place {site['last_seq']}, head {site['head'][:8]}")
    click.echo(f"Restored as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC; {NEXT}")


class Progress:
    """Says on standard error how far it is, when that takes long."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def tell(self, table: str, rows: int) -> None:
        """Say it, but not too often."""
        if time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._said_at = time.monotonic()
            click.echo(f"{table}: {rows} rows", err=True)
