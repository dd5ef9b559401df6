"""Why a form was refused and a claim withdrawn, and whom an arrival named.

Revision: r0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    reason = "of a refusal: what is wrong, in a word"
    op.add_column("decisions", sa.Column("reason", sa.Text(), nullable=False, server_default="", comment=reason))
    why = "why it was withdrawn or turned down, as written"
    op.add_column("claims", sa.Column("ended_for", sa.Text(), nullable=False, server_default="", comment=why))
    named = "whom the arrival named, as written"
    op.add_column("visits", sa.Column("named_agent", sa.Text(), nullable=False, server_default="", comment=named))
    op.add_column("visits", sa.Column("named_unit", sa.Text(), nullable=False, server_default=""))
