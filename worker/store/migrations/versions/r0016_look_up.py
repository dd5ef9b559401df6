"""Texts are found by who sent them, acts by their site; alerts are told by text to whoever wants it.

Revision: r0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0016"
down_revision = "r0015"
branch_labels = None
depends_on = None

_acts = sa.table("acts", sa.column("id", sa.Integer), sa.column("about", sa.Text), sa.column("site_id", sa.Integer))


def upgrade() -> None:
    """Add the columns and indexes; an act whose words begin with a site's id is that site's."""
    op.create_index("ix_inbox_sender", "inbox", ["site_id", "sender", "seq"])
    op.add_column("acts", sa.Column("site_id", sa.BigInteger(), comment="empty: it concerns no one site"))
    op.create_index("ix_acts_site_id", "acts", ["site_id", "id"])
    connection = op.get_bind()
    of_sites = sa.select(_acts.c.id, _acts.c.about).where(_acts.c.about.like("site %"))
    for row in connection.execute(of_sites).all():
        number = row.about.split()[1]
        if number.isdecimal():
            connection.execute(sa.update(_acts).where(_acts.c.id == row.id).values(site_id=int(number)))
    texts = "he gets alerts by text to his registered phone"
    op.add_column(
        "users", sa.Column("alerts_by_text", sa.Boolean(), nullable=False, server_default=sa.false(), comment=texts)
    )
    op.add_column("alerts", sa.Column("texted_at", sa.BigInteger(), comment="when people were told of it by text"))
