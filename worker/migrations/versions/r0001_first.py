"""The first tables.

Revision: 0001. Until the first release it creates whatever `worker.schema` says; releases freeze it.
"""

from alembic import op

from worker.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    metadata.create_all(op.get_bind())
