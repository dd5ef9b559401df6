"""`baobei gateway add smsgate`: phones behind a server that somebody runs already become a gateway."""

import os
from pathlib import Path

import click

from worker.cli.base import database, settings
from worker.cli.phones import shown, site_ids
from worker.cli.problems import WrongUsage
from worker.clock import utc_now
from worker.phones.accounts import ServerLogin, join_server
from worker.phones.cards import kept_card

PASSWORD = "SMSGATE_PASSWORD"  # noqa: S105


def add(name: str, url: str, login: str, password_file: str | None, site_names: tuple[str, ...]) -> None:
    """Ask for the password, set the server up, and name its phones."""
    given = settings()
    account = ServerLogin(url, login, _password(password_file))
    with database(given) as engine:
        devices = join_server(engine, given, name, account, site_ids(engine, site_names), None, utc_now())
    click.echo(
        f"{url} posts to {given.address_of_texts(name)} from now on; start the app anew, so that it takes its key."
    )
    for device in devices:
        sims = ", ".join(map(shown, map(kept_card, device.sims)))
        click.echo(f"Phone {device.id} ({device.name}; SIMs {sims or 'not told'}) waits:")
        click.echo(f"  baobei gateway approve {name} {device.id} --sim 1={site_names[0] if site_names else 'SITE'}")
    if not devices:
        click.echo("It knows no phone yet: register one there, then give this command again.")


def _password(file: str | None) -> str:
    """Return the password: of a file, the environment, or whoever sits there; what is an argument stands in lists."""
    if file is not None:
        try:
            typed = Path(file).expanduser().read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            raise WrongUsage(f"{file} cannot be read: name a file that holds the password and nothing else.") from None
    else:
        typed = os.environ.get(PASSWORD, "") or click.prompt("Password", hide_input=True, err=True)
    if not typed:
        raise WrongUsage("The password is empty.")
    return typed
