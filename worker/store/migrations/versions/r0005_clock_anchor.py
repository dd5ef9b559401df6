"""What the clock said at a moment of this machine's running, to see by that whether it jumps.

Revision: r0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "clock_anchors",
        sa.Column("boot", sa.Text(), nullable=False, comment="which start of the machine"),
        sa.Column("up_ms", sa.BigInteger(), nullable=False, comment="milliseconds since that start"),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="what the clock said then"),
        sa.PrimaryKeyConstraint("boot", name=op.f("pk_clock_anchors")),
        comment="On SQLite: what the clock said, and how long the machine had been running.",
    )
