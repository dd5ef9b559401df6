"""The comparisons with gateways' lists.

Revision: 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of comparisons."""
    op.create_table(
        "backfills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: not finished"),
        sa.Column("found", sa.Integer(), nullable=False, comment="inbound texts in the gateway's list"),
        sa.Column("healed", sa.Integer(), nullable=False, comment="those that were missing and were put in line"),
        sa.Column("error", sa.Text(), nullable=True, comment="kind of what ended it early; empty when it ended well"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
        comment="Each comparison of a gateway's own list with ours; old ones are removed.",
    )
    op.create_index("ix_backfills_gateway", "backfills", ["gateway", "started_at"])
