"""A second factor, and from which browser a login came.

Revision: r0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    kept = "seed of the codes that an app shows, good with our key alone; empty: none asked for"
    op.add_column("users", sa.Column("totp", sa.Text(), comment=kept))
    step = "the half minute of the code used last, since 1970: each is good once"
    op.add_column("users", sa.Column("totp_step", sa.BigInteger(), comment=step))
    agent = "the browser, as it named itself: by it the owner knows the login again"
    op.add_column("sessions", sa.Column("agent", sa.Text(), nullable=False, server_default="", comment=agent))
