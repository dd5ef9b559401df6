"""From which address a phone registered.

Revision: r0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0018"
down_revision = "r0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    said = "from which it registered"
    op.add_column("phones", sa.Column("address", sa.Text(), nullable=False, server_default="", comment=said))
