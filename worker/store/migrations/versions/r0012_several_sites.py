"""A user may see several sites.

Revision: r0012.
"""

from alembic import op
from sqlalchemy import JSON, Column, Integer, column, select, table, update

revision = "r0012"
down_revision = "r0011"
branch_labels = None
depends_on = None

_users = table("users", column("id", Integer), column("site_id", Integer), column("site_ids", JSON))


def upgrade() -> None:
    """Give each the one site that he saw."""
    comment = "the sites that he sees; empty: all of them"
    op.add_column("users", Column("site_ids", JSON(none_as_null=True), comment=comment))
    connection = op.get_bind()
    bound = select(_users.c.id, _users.c.site_id).where(_users.c.site_id.is_not(None))
    for row in connection.execute(bound).all():
        connection.execute(update(_users).where(_users.c.id == row.id).values(site_ids=[row.site_id]))
    with op.batch_alter_table("users") as batch:
        batch.drop_column("site_id")
