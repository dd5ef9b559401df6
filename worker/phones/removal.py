"""Takes a gateway that was added out of the installation again, once nothing goes by it any more."""

from datetime import datetime

from sqlalchemy import Engine, and_, delete, func, select

from worker.accounts.acts import note
from worker.errors import N_, SetUpError
from worker.outbox.ledger import PRESENT
from worker.phones.gateways import require_gateway
from worker.store.schema import (
    UNSENT,
    attempts,
    canary_ways,
    gateway_stops,
    gateways,
    paces,
    phone_sims,
    phones,
    replies,
    sites,
)
from worker.store.states import ReplyState


def remove_gateway(engine: Engine, name: str, user_id: int | None, now: datetime) -> None:
    """Remove a gateway and its phones; what went by it stays in the line, and what was done to it among the acts.

    Raises SetUpError when there is none, while a site's texts go by it, or it may yet say what became of a reply.
    """
    with engine.begin() as connection:
        require_gateway(connection, name)
        carried = connection.execute(select(sites.c.name).where(sites.c.gateway == name).order_by(sites.c.id)).scalars()
        if names := ", ".join(carried):
            raise SetUpError(
                N_("The texts of %(sites)s go by %(name)s: choose another gateway for them on /setup/site first."),
                sites=names,
                name=name,
            )
        open_yet = and_(UNSENT, replies.c.state.in_((ReplyState.SENDING, ReplyState.UNKNOWN)))
        query = select(func.count()).select_from(replies).join(attempts, PRESENT)
        held = connection.execute(query.where(open_yet, attempts.c.gateway == name)).scalar_one()
        if held:
            raise SetUpError(
                N_("%(name)s has not said yet what became of its last replies (%(count)s): try again in ten minutes."),
                name=name,
                count=held,
            )
        its = select(phones.c.id).where(phones.c.gateway == name)
        connection.execute(delete(phone_sims).where(phone_sims.c.phone.in_(its)))
        for table in (phones, canary_ways, gateway_stops, paces):
            connection.execute(delete(table).where(table.c.gateway == name))
        connection.execute(delete(gateways).where(gateways.c.name == name))
        note(connection, user_id, "gateway_removed", f"gateway {name}", now)
