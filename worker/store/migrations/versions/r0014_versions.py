"""Seals say by which versions they were computed.

Revision: 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the versions of a seal; those of before have none."""
    said = "what it was computed by, as canonical JSON: rules, phonenumbers; empty: sealed before it was noted"
    with op.batch_alter_table("seals") as seals:
        seals.add_column(sa.Column("versions", sa.Text(), nullable=True, comment=said))
