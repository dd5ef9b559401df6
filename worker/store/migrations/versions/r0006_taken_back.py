"""How claims stood before a visit form was confirmed, for when a signature is taken back.

Revision: r0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    before = "claims before it counted (L7)"
    op.add_column("visits", sa.Column("before", sa.JSON(), nullable=False, server_default="[]", comment=before))
