"""What operating needs: whose fault a refusal was, signs of life, and the alerts that are raised.

Revision: 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, its indexes and the two tables."""
    op.add_column(
        "replies", sa.Column("refusal", sa.Text(), comment="of a failed one, whose fault it was: number content pair")
    )
    _partial_index("ix_replies_failed", ["state", "updated_at"], "state = 'failed'")
    _partial_index("ix_replies_words_refused", ["site_id", "recipient"], "refusal = 'content'")
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False, comment="which kind of process: sweeper"),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "host", "pid", name=op.f("pk_heartbeats")),
        comment="Signs of life of the processes that nobody else would miss.",
    )
    op.create_table(
        "alerts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="what it is about: site:3, a gateway; empty: all of it"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False, comment="what is wrong and how to mend it"),
        sa.Column("detail", sa.JSON(), nullable=False, comment="ids and counts"),
        sa.Column("last_sent_at", sa.BigInteger(), comment="when ALERT_URL last took it"),
        sa.Column("cleared_at", sa.BigInteger(), comment="it is over, and ALERT_URL has not heard of that yet"),
        sa.PrimaryKeyConstraint("code", "scope", name=op.f("pk_alerts")),
        comment="What an operator has to know of now; the sweeper raises and clears it.",
    )


def _partial_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "replies", columns, sqlite_where=where, postgresql_where=where)
