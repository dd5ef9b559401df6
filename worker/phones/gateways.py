"""Gateways that are added to an installation: each with a name, a kind, and the token by which its phones ask in.

The token is kept as a hash: whoever reads the table or a backup can register nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from worker.accounts.acts import note
from worker.accounts.passwords import digest, made_token
from worker.errors import SetUpError
from worker.gateways.table import ADAPTERS, PHONE
from worker.outbox.recall import recall
from worker.settings import Settings
from worker.store.database import reading
from worker.store.schema import gateways, phone_sims, phones, sites

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,29}")
"""It stands in addresses, and an app joins its paths to them as they are."""
TAKEN: Final = frozenset({*ADAPTERS, "program", "forward"})
"""What the line calls its other sources."""


@dataclass(frozen=True, slots=True)
class AddedGateway:
    """A gateway of this installation; `token_at`: since when the token is good by which its phones ask in."""

    name: str
    kind: str
    created_at: datetime
    token_at: datetime


def address_of(settings: Settings, name: str) -> str:
    """Return the API URL that is typed into the app of a phone, which joins its own paths to it."""
    return f"{settings.base_url}/gateways/{name}/phone"


def added_gateways(engine: Engine) -> list[AddedGateway]:
    """Return every gateway that was added, by name."""
    columns = (gateways.c[each] for each in ("name", "kind", "created_at", "token_at"))
    with reading(engine).connect() as connection:
        return [AddedGateway(*row) for row in connection.execute(select(*columns).order_by(gateways.c.name))]


def add_gateway(engine: Engine, name: str, site_ids: Collection[int], user_id: int | None, now: datetime) -> str:
    """Add a gateway of phones that carries the texts of these sites from now on; return its token, told only here.

    Raises SetUpError for a name that is none, or is taken.
    """
    require_name(name)
    token = made_token()
    row = {"name": name, "kind": PHONE, "created_at": now, "token": digest(token), "token_at": now}
    try:
        with engine.begin() as connection:
            connection.execute(insert(gateways).values(row))
            note(connection, user_id, "gateway_added", f"gateway {name}", now)
            carry_in(connection, name, site_ids, user_id, now)
    except IntegrityError:
        raise SetUpError(f"There is a gateway “{name}” already; `baobei gateway list` shows them.") from None
    return token


def carry_sites(engine: Engine, name: str, site_ids: Collection[int], user_id: int | None, now: datetime) -> None:
    """Let a gateway that was added carry the texts of these sites from now on. Raises SetUpError."""
    with engine.begin() as connection:
        require_gateway(connection, name)
        carry_in(connection, name, site_ids, user_id, now)


def let_carry(engine: Engine, name: str, site_id: int, user_id: int | None, now: datetime) -> None:
    """Let any gateway of this installation carry a site's texts from now on, whether it was added or is set up."""
    with engine.begin() as connection:
        carry_in(connection, name, [site_id], user_id, now)


def new_token(engine: Engine, name: str, user_id: int | None, now: datetime) -> str:
    """Give a gateway another token, and return it; the old one lets nobody in any more. Phones stay as they are."""
    token = made_token()
    with engine.begin() as connection:
        require_gateway(connection, name)
        connection.execute(update(gateways).where(gateways.c.name == name).values(token=digest(token), token_at=now))
        note(connection, user_id, "gateway_token", f"gateway {name}", now)
    return token


def is_token(connection: Connection, name: str, token: str) -> bool:
    """Tell whether this is the gateway's token."""
    kept = connection.execute(select(gateways.c.token).where(gateways.c.name == name)).scalar() or ""
    return compare_digest(digest(token), kept)


def require_gateway(connection: Connection, name: str) -> None:
    """Lock a gateway to the end of the transaction; SetUpError when there is none of this name."""
    if connection.execute(select(gateways.c.name).where(gateways.c.name == name).with_for_update()).first() is None:
        known = connection.execute(select(gateways.c.name).order_by(gateways.c.name)).scalars()
        raise SetUpError(f"There is no gateway “{name}” of phones; there are: {', '.join(known) or 'none yet'}.")


def require_name(name: str) -> None:
    """Raise SetUpError for a name that no gateway can have which is added."""
    if not NAME.fullmatch(name):
        raise SetUpError("A gateway's name has 1 to 30 small letters, digits and -, and begins with a letter.")
    if name in TAKEN:
        raise SetUpError(f"“{name}” names something else already; take another name.")


def carry_in(connection: Connection, name: str, site_ids: Collection[int], user_id: int | None, now: datetime) -> None:
    """Let a gateway carry the texts of these sites, in the transaction of whoever asks."""
    elsewhere = phone_sims.c.phone.in_(select(phones.c.id).where(phones.c.gateway != name))
    for site_id in sorted(site_ids):
        connection.execute(delete(phone_sims).where(phone_sims.c.site_id == site_id, elsewhere))
        connection.execute(update(sites).where(sites.c.id == site_id).values(gateway=name))
        note(connection, user_id, "site_gateway", f"site {site_id} gateway {name}", now)
    recall(connection, now)
