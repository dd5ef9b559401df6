"""Retention: seals that were emptied, and the record of what was erased.

Revision: 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Let seals be emptied, and create the record of runs."""
    with op.batch_alter_table("seals") as seals:
        emptied = "a newer seal took its place, and its facts were taken away"
        seals.add_column(sa.Column("emptied_at", sa.BigInteger(), nullable=True, comment=emptied))
    with op.batch_alter_table("sealed_facts") as facts:
        facts.alter_column(
            "content",
            existing_type=sa.Text(),
            existing_nullable=True,
            existing_comment="the row as JSON; empty once it is erased",
            comment="the row as JSON; once it is erased what is left of it, or nothing",
        )
        facts.alter_column(
            "salt",
            existing_type=sa.String(length=32),
            existing_nullable=True,
            existing_comment="hides the content in its commitment; erased with it",
            comment="hides the content in its commitment; erased with what was sealed",
        )
    _retentions()


def _retentions() -> None:
    op.create_table(
        "retentions",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("site_id", KEY, nullable=True, comment="empty: what belongs to no site"),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: not finished"),
        sa.Column(
            "seal_seq",
            sa.BigInteger(),
            nullable=True,
            comment="place of the seal that it stayed behind",
        ),
        sa.Column("counts", sa.JSON(), nullable=False, comment="how many rows or files of each kind were erased"),
        sa.Column("error", sa.Text(), nullable=True, comment="why it ended early; empty when it ended well"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_retentions_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retentions")),
        comment="Each time that what is older than the policy's periods was erased.",
    )
    op.create_index("ix_retentions_site", "retentions", ["site_id", "started_at"], unique=False)
