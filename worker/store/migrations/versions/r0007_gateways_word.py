"""Whose notices the gateway itself said it had stopped: it is believed of staff as well (L8).

Revision: r0007.
"""

from alembic import op
from sqlalchemy import JSON, Integer, String, and_, column, func, select, table, update

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

_senders = table("senders", column("site_id", Integer), column("phone", String), column("state", JSON))
_inbox = table(
    "inbox", column("site_id", Integer), column("seq", Integer), column("sender", String), column("payload", JSON)
)
_decisions = table("decisions", column("site_id", Integer), column("seq", Integer), column("code", String))


def upgrade() -> None:
    """Note it of every phone that wants no notices, where the gateway's word came after its last return."""
    connection = op.get_bind()
    for sender in connection.execute(select(_senders)).all():
        if not sender.state.get("silent") or "stopped" in sender.state:
            continue
        its = and_(_inbox.c.site_id == sender.site_id, _inbox.c.sender == sender.phone)
        of = and_(_decisions.c.site_id == _inbox.c.site_id, _decisions.c.seq == _inbox.c.seq)
        returned = select(func.max(_inbox.c.seq)).join(_decisions, of).where(its, _decisions.c.code == "opted_in")
        since = connection.execute(returned).scalar_one() or 0
        said = connection.execute(select(_inbox.c.payload).where(its, _inbox.c.seq > since)).scalars()
        if any((payload or {}).get("opt_out") == "stop" for payload in said):
            here = and_(_senders.c.site_id == sender.site_id, _senders.c.phone == sender.phone)
            connection.execute(update(_senders).where(here).values(state=sender.state | {"stopped": True}))
