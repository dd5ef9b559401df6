"""Clients are looked up by their last four digits first; no id is given to a second reply; rules have a version.

Revision: 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REPLACED = (
    ("ix_claims_phone7", "claims"),
    ("ix_claims_last4", "claims"),
    ("ix_kin_phone7", "kin"),
    ("ix_kin_other_phone7", "kin"),
)
CREATED = (
    ("ix_claims_last4", "claims", ["site_id", "last4", "first3"]),
    ("ix_aliases_last4", "aliases", ["site_id", "last4", "first3"]),
    ("ix_aliases_number", "aliases", ["site_id", "number"]),
    ("ix_kin_last4", "kin", ["site_id", "last4", "first3"]),
    ("ix_kin_other_last4", "kin", ["site_id", "other_last4", "other_first3"]),
)


def upgrade() -> None:
    """Replace the indexes, and on SQLite the table of replies by one that remembers the ids it gave."""
    counted = "of the rules that it was made by; empty: from before these were counted"
    op.add_column("decisions", sa.Column("version", sa.Integer(), nullable=True, comment=counted))
    for name, table in REPLACED:
        op.drop_index(name, table)
    for name, table, columns in CREATED:
        op.create_index(name, table, columns)
    if op.get_bind().dialect.name == "sqlite":
        remembering = {"sqlite_autoincrement": True}
        with op.batch_alter_table("replies", recreate="always", table_kwargs=remembering):
            pass
