"""Indexes by which pages and alarms find what they look for among a million rows.

Revision: r0010.
"""

from alembic import op
from sqlalchemy import text

revision = "r0010"
down_revision = "r0009"
branch_labels = None
depends_on = None

STANDS = ("ends_at", "deal_at", "visited_at", "renewed_at")
UNSENT, PENDING = text("state <> 'sent'"), text("state IN ('suspected', 'contested')")
ON_SQLITE, ON_POSTGRESQL = text("flags <> '[]'"), text("CAST(flags AS TEXT) <> '[]'")


def upgrade() -> None:
    """Add them; two take the place of shorter ones."""
    op.create_index(
        "ix_reports_searched", "reports", ["site_id", "seq", "part", "client", "agent", "unit", "number", "code"]
    )
    op.create_index("ix_claims_status", "claims", ["site_id", "state", "seq", "part", *STANDS])
    op.drop_index("ix_claims_state", "claims")
    searched = ["site_id", "seq", "part", "state", *STANDS, "client", "agent", "unit"]
    op.create_index("ix_claims_searched", "claims", searched)
    op.drop_index("ix_claims_place", "claims")
    place = ["site_id", "seq", "part"]
    op.create_index("ix_claims_flagged", "claims", place, sqlite_where=ON_SQLITE, postgresql_where=ON_POSTGRESQL)
    waiting = ["site_id", "state", "ends_at"]
    op.create_index("ix_claims_pending", "claims", waiting, sqlite_where=PENDING, postgresql_where=PENDING)
    op.create_index(
        "ix_replies_unsent", "replies", ["state", "created_at"], sqlite_where=UNSENT, postgresql_where=UNSENT
    )
