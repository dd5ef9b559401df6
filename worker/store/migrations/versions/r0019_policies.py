"""An index by which a site's changes of policy are found among all that its line holds.

Revision: r0019.
"""

from alembic import op
from sqlalchemy import text

revision = "r0019"
down_revision = "r0018"
branch_labels = None
depends_on = None

POLICY = text("kind = 'policy'")


def upgrade() -> None:
    """Add it."""
    op.create_index("ix_inbox_policy", "inbox", ["site_id", "seq"], sqlite_where=POLICY, postgresql_where=POLICY)
