"""What the desk and the cases look up by.

Revision: 0007.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indices."""
    op.create_index("ix_visits_seq", "visits", ["site_id", "seq"])
    op.create_index("ix_disputes_seq", "disputes", ["site_id", "seq"])
    op.create_index("ix_claims_ends_at", "claims", ["site_id", "ends_at"])
