"""When clients are expected.

Revision: 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PLANNED = sa.text("planned_day IS NOT NULL")


def upgrade() -> None:
    """Add the plan of a claim, and the index that finds the plans of a day."""
    day = "the site's day on which the client is expected, as last told"
    with op.batch_alter_table("claims") as claims:
        claims.add_column(sa.Column("planned_day", sa.Date(), nullable=True, comment=day))
        claims.add_column(sa.Column("planned_time", sa.Text(), nullable=True, comment="HH:MM of that day"))
        parts = "morning, noon, afternoon, evening, weekend"
        claims.add_column(sa.Column("planned_part", sa.Text(), nullable=True, comment=parts))
        claims.add_column(
            sa.Column("planned_seq", sa.BigInteger(), nullable=True, comment="place of the text that told it")
        )
    columns = ["site_id", "planned_day"]
    op.create_index("ix_claims_planned_day", "claims", columns, sqlite_where=PLANNED, postgresql_where=PLANNED)
