"""A site's number may be reached by several phones beside each other.

Revision: r0026.
"""

from alembic import op

revision = "r0026"
down_revision = "r0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a site be several phones'; each still has it once."""
    comment = "Which SIM of an approved phone sends and receives for which site; several phones may for one."
    with op.batch_alter_table("phone_sims") as batch:
        batch.drop_constraint("uq_phone_sims_site_id", type_="unique")
        batch.create_unique_constraint("uq_phone_sims_site_id_phone", ["site_id", "phone"])
        batch.create_table_comment(comment)
