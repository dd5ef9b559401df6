"""Published heads and seals.

Revision: 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SITE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of the proof."""
    _published_heads()
    _seals()
    _sealed_facts()


def _published_heads() -> None:
    op.create_table(
        "published_heads",
        sa.Column("site_id", SITE, nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="place of the chain's last decision"
        ),
        sa.Column("published_in", sa.Text(), nullable=False, comment="digest, daily, export, seal"),
        sa.Column("head8", sa.String(length=8), nullable=False, comment="first 8 hex digits of the head"),
        sa.Column("published_at", sa.BigInteger(), nullable=False, comment="when it was first published there"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_published_heads_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "published_in", "head8", name=op.f("pk_published_heads")),
        comment="Every head of the chain that went outside; audit finds each of them on the chain.",
    )


def _seals() -> None:
    op.create_table(
        "seals",
        sa.Column("site_id", SITE, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="the last place that it covers"),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False, comment="how many facts are sealed"),
        sa.Column(
            "state_hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 over the facts' commitments in their order",
        ),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_seals_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_seals")),
        comment="Checkpoints of an audited line: audit can begin behind one when texts before it are erased.",
    )


def _sealed_facts() -> None:
    op.create_table(
        "sealed_facts",
        sa.Column("site_id", SITE, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, in the order of the seal"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="the fact's table; cursors: the site's state"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="its key in that table as JSON; erased with the content where it is personal",
        ),
        sa.Column("content", sa.Text(), nullable=True, comment="the row as JSON; empty once it is erased"),
        sa.Column(
            "salt",
            sa.String(length=32),
            nullable=True,
            comment="hides the content in its commitment; erased with it",
        ),
        sa.Column(
            "commitment", sa.String(length=64), nullable=False, comment="salted hash of the content; stays for ever"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sealed_facts_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "number", name=op.f("pk_sealed_facts")),
        comment="What stood in the tables of facts when a line was sealed.",
    )
    op.create_index("ix_sealed_facts_key", "sealed_facts", ["site_id", "seq", "kind", "key"], unique=False)
