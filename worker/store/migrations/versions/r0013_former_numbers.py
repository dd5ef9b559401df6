"""Numbers that a site had before, so that what still comes to them is not lost.

Revision: r0013.
"""

import sqlalchemy as sa
from alembic import op

from worker.store.types import Words

revision = "r0013"
down_revision = "r0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "former_numbers",
        sa.Column("number", Words, primary_key=True),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("sites.id"), nullable=False),
        comment="Numbers that a site had before: what still comes to one is that site's, unless another has it now.",
    )
