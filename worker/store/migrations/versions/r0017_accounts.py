"""Accounts at servers of phones that somebody else runs.

Revision: r0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0017"
down_revision = "r0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    words = "of one behind somebody's server: its address and our login, the password sealed"
    op.add_column("gateways", sa.Column("account", sa.JSON(), comment=words))
