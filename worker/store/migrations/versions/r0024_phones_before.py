"""Which sites a phone has served, and from when on what came to it is theirs.

Revision: r0024.
"""

from alembic import op
from sqlalchemy import JSON, BigInteger, Column

revision = "r0024"
down_revision = "r0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of phones that are approved nothing of before that is known."""
    op.add_column("phones", Column("served", JSON, comment="ids of the sites for which it was approved last"))
    op.add_column("phones", Column("ours_from", BigInteger, comment="from when on what came to it is its sites'"))
    op.execute("UPDATE phones SET ours_from = approved_at")
