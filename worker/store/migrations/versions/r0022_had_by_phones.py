"""Which replies a phone has shown to have, and when its clock was last read from what it signed.

Revision: r0022.
"""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "r0022"
down_revision = "r0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("attempts", Column("had_at", BigInteger, comment="when its phone last showed that it has it"))
    op.add_column("phones", Column("clock_at", BigInteger, comment="when it last signed with its clock"))
