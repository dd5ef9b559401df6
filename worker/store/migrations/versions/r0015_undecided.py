"""An index of what could not be decided.

Revision: 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UNDECIDED = sa.text("code = 'undecidable'")


def upgrade() -> None:
    """Add the index; nothing is undecidable yet."""
    columns = ["site_id", "seq"]
    op.create_index("ix_decisions_undecided", "decisions", columns, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED)
