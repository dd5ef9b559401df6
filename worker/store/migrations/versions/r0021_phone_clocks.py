"""By how much the clock of a phone is ahead of ours.

Revision: r0021.
"""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "r0021"
down_revision = "r0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    how = "by how many seconds, as it showed"
    op.add_column("phones", Column("clock_ahead", BigInteger, nullable=False, server_default="0", comment=how))
