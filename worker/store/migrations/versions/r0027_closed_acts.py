"""Which phones' acts were closed of late is found without a look at every refusal.

Revision: r0027.
"""

from alembic import op
from sqlalchemy import text

revision = "r0027"
down_revision = "r0026"
branch_labels = None
depends_on = None

CLOSED = text("reason = 'acts_closed'")


def upgrade() -> None:
    """Add the index."""
    of = ["reason", "decided_at"]
    op.create_index("ix_decisions_closed_acts", "decisions", of, sqlite_where=CLOSED, postgresql_where=CLOSED)
