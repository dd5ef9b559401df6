"""To which gateway each attempt went, for its site may have another by now; and which replies phones are to give back.

Revision: r0023.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "r0023"
down_revision = "r0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    what = "to which gateway it went; empty: of an older version, to the site's present one"
    op.add_column("attempts", Column("gateway", Text, comment=what))
    back = "since when its phone is to give it back, for its site goes by another"
    op.add_column("attempts", Column("recalled_at", BigInteger, comment=back))
