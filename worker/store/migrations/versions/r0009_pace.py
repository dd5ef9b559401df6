"""How fast each number may send, and failed replies counted by their code from an index alone.

Revision: 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FAILED = sa.text("state = 'failed'")


def upgrade() -> None:
    """Add the table, and a column to the index."""
    op.create_table(
        "paces",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="our sending number"),
        sa.Column("free_at", sa.BigInteger(), nullable=False, comment="when its next reply may go out"),
        sa.PrimaryKeyConstraint("gateway", "number", name=op.f("pk_paces")),
        comment="When each number may send again, where SEND_PER_SECOND is set.",
    )
    op.drop_index("ix_replies_failed", "replies")
    columns = ["state", "updated_at", "error_code"]
    op.create_index("ix_replies_failed", "replies", columns, sqlite_where=FAILED, postgresql_where=FAILED)
