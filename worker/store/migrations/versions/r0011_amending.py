"""What a claim's first text said and how its reading changed; what else people of the roster call themselves.

Revision: 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NONE = sa.text("'[]'")


def upgrade() -> None:
    """Add the columns, and let a sender's last claims be found by their time."""
    words = "words of its first text, which amending goes by"
    op.add_column("claims", sa.Column("said", sa.Text(), nullable=False, server_default="", comment=words))
    how = "how its reading was amended, affirmed, checked"
    op.add_column("claims", sa.Column("readings", sa.JSON(), nullable=False, server_default=NONE, comment=how))
    called = "what else he calls himself"
    op.add_column("roster", sa.Column("aliases", sa.JSON(), nullable=False, server_default=NONE, comment=called))
    op.drop_index("ix_claims_sender", "claims")
    op.create_index("ix_claims_sender", "claims", ["site_id", "sender", "reported_at"])
    on_sqlite = sa.text("instr(flags, '\"unsure\"') > 0")
    on_postgresql = sa.text("strpos(CAST(flags AS TEXT), '\"unsure\"') > 0")
    place = ["site_id", "seq", "part"]
    op.create_index("ix_claims_unsure", "claims", place, sqlite_where=on_sqlite, postgresql_where=on_postgresql)
