"""By how much the line's clock was ahead when a claim's end was set, so that a jump gives time back only once.

Revision: r0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    why = "seconds that the line was ahead as its end was set"
    op.add_column("claims", sa.Column("ahead", sa.BigInteger(), nullable=False, server_default="0", comment=why))
