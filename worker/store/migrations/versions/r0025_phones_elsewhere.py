"""From which networks a phone's token was used last, and when from two at once.

Revision: r0025.
"""

from alembic import op
from sqlalchemy import JSON, BigInteger, Column

revision = "r0025"
down_revision = "r0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("phones", Column("seen_from", JSON, comment="the last two networks, each with when it was seen last"))
    op.add_column("phones", Column("elsewhere_at", BigInteger, comment="when its token was last used from two in turn"))
