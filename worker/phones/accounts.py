"""Gateways whose phones are behind a server that somebody runs already: our account there, and its phones here.

The server is asked and set up first; only then is anything written. The same again changes what has changed: a
password, an address, further phones. Which SIM has which site's number a person says, as of any phone (`approvals.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, insert, select, update

from worker.accounts.acts import note
from worker.accounts.passwords import digest, made_token
from worker.errors import SetUpError
from worker.gateways.base import GatewayAwayError
from worker.gateways.smsgate_client import signing_key
from worker.gateways.smsgate_http import SmsgateHttp
from worker.gateways.smsgate_setup import Device, devices_of, keeps_list, set_up
from worker.gateways.strongbox import seal
from worker.gateways.table import SMSGATE
from worker.gateways.wire import NoAnswerError, NotWrittenError
from worker.phones.cards import kept_cards, kept_name
from worker.phones.gateways import carry_in, require_name
from worker.settings import Settings
from worker.store.schema import gateways, phones
from worker.var_folder import secret_key_of

LONGEST_URL: Final = 500


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """What somebody typed of an account at a server."""

    base_url: str
    login: str
    password: str


def join_server(
    engine: Engine,
    settings: Settings,
    name: str,
    account: ServerLogin,
    site_ids: Collection[int],
    user_id: int | None,
    now: datetime,
) -> list[Device]:
    """Let the phones behind a server be the gateway `name`, or change its account; return them.

    Raises SetUpError: for a name that is none or another gateway's, and when the server cannot be asked or refuses.
    """
    require_name(name)
    secret = secret_key_of(settings)
    url = settings.address_of_texts(name)
    devices, lists = _set_up(account, url, signing_key(secret, name))
    kept = {
        "base_url": account.base_url.rstrip("/"),
        "login": account.login,
        "password": seal(secret, account.password),
        "keeps_list": lists,
    }
    with engine.begin() as connection:
        _put(connection, name, kept, user_id, now)
        for device in devices:
            _let_wait(connection, name, device, now)
        carry_in(connection, name, site_ids, user_id, now)
    return devices


def _set_up(account: ServerLogin, url: str, key: str) -> tuple[list[Device], bool]:
    """Return the server's phones, and whether it keeps a list."""
    given = account.base_url
    address = urlsplit(given)
    if address.scheme not in ("http", "https") or not address.hostname or len(given) > LONGEST_URL:
        raise SetUpError(
            "Give the address of the server's API: http://192.168.1.7:8080 of a phone, or https of a cloud."
        )
    http = SmsgateHttp(given, account.login, account.password)
    try:
        devices, lists = devices_of(http), keeps_list(http)
        refused = set_up(http, url, key)
    except (GatewayAwayError, NotWrittenError, NoAnswerError) as error:
        raise SetUpError(
            f"{given} could not be asked ({error}): mend address, login and password, and see that the server runs."
        ) from None
    if refused is not None:
        raise SetUpError(
            f"{given} will not post to {url} ({refused.status}): {refused.words or 'it does not say why'}."
        )
    return devices, lists


def _put(connection: Connection, name: str, account: dict[str, Any], user_id: int | None, now: datetime) -> None:
    mine = gateways.c.name == name
    kind = connection.execute(select(gateways.c.kind).where(mine).with_for_update()).scalar()
    if kind not in (None, SMSGATE):
        raise SetUpError(f"There is a gateway “{name}” already, which is none behind a server; take another name.")
    if kind is None:
        # No phone asks to be let in: what nobody was told lets nobody in.
        token = {"token": digest(made_token()), "token_at": now}
        row = {"name": name, "kind": SMSGATE, "created_at": now, "account": account} | token
        connection.execute(insert(gateways).values(row))
    else:
        connection.execute(update(gateways).where(mine).values(account=account))
    note(connection, user_id, "gateway_added", f"gateway {name}", now)


def _let_wait(connection: Connection, name: str, device: Device, now: datetime) -> None:
    owner = connection.execute(select(phones.c.gateway).where(phones.c.id == device.id)).scalar()
    if owner not in (None, name):
        raise SetUpError(f"Phone {device.id} is one of gateway {owner} already: end it there first.")
    said = {"name": kept_name(device.name), "sims": kept_cards(device.sims), "seen_at": now}
    if owner is None:
        row = {"id": device.id, "gateway": name, "token": digest(made_token()), "registered_at": now}
        connection.execute(insert(phones).values(row | said))
    else:
        connection.execute(update(phones).where(phones.c.id == device.id).values(said))
