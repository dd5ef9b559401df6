"""How often retention has changed a line's facts, so that a batch that was read before is read again.

Revision: r0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    why = "how often retention has changed facts: what was read before may be no more"
    op.add_column("cursors", sa.Column("erasures", sa.BigInteger(), nullable=False, server_default="0", comment=why))
