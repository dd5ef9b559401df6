"""An index by which the deals of a week are found (统计).

Revision: r0020.
"""

from alembic import op

revision = "r0020"
down_revision = "r0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_index("ix_deals_at", "deals", ["site_id", "at"])
