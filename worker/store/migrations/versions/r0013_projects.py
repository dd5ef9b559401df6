"""Projects: texts that belong into the line of another site.

Revision: 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table of forwards."""
    op.create_table(
        "forwards",
        sa.Column("site_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "part",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="which site that the text names, from 0",
        ),
        sa.Column("number", sa.Text(), nullable=False, comment="the other site's"),
        sa.Column("name", sa.Text(), nullable=False, comment="the other site's, when it was decided"),
        sa.Column("done", sa.Boolean(), nullable=False, comment="the text is in the other site's line"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_forwards_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "part", name=op.f("pk_forwards")),
        comment="Texts that belong into the line of another site (L25), where their message id is forward:SITE:SEQ.",
    )
    op.create_index("ix_forwards_done", "forwards", ["done", "site_id", "seq"], unique=False)
