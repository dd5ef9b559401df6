"""Texts of ours to ourselves, by which a gateway is tried out.

Revision: r0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OURS = "a number of one of our sites; empty: each site's own"
WORD = "at random and good once: by it the text is known again"
WHOSE = "whose message id `back_id` is: a repeat of it is known by both"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "canary_ways",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment=OURS),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_canary_ways")),
        comment="Gateways that are tried out by a text to ourselves.",
    )
    op.create_table(
        "canaries",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("site_id", KEY, nullable=False, comment="whose number sends it"),
        sa.Column("recipient", sa.Text(), nullable=False, comment="our own number that it has to reach"),
        sa.Column("word", sa.Text(), nullable=False, comment=WORD),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), comment="when the gateway fetched it first"),
        sa.Column("failed", sa.Text(), comment="why the gateway could not send it, in its words"),
        sa.Column("back_at", sa.BigInteger()),
        sa.Column("back_gateway", sa.Text(), comment=WHOSE),
        sa.Column("back_id", sa.Text()),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_canaries_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canaries")),
        sa.UniqueConstraint("word", name=op.f("uq_canaries_word")),
        comment="Texts of ours to ourselves, which are in no line; kept for a month.",
    )
    op.create_index("ix_canaries_site_id", "canaries", ["site_id", "id"])
