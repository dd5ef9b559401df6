"""By what names the rows of the register are searched: folded, with the initials of their pinyin, in an index.

Revision: r0015.
"""

import sqlalchemy as sa
from alembic import op

from worker.store.search_words import of_row

revision = "r0015"
down_revision = "r0014"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
KEYS = {"reports": ("site_id", "seq", "part"), "claims": ("site_id", "number")}
STANDS = ("state", "ends_at", "deal_at", "visited_at", "renewed_at")


def upgrade() -> None:
    """Add the column, fill it some rows at a time, and put it into the indexes that searches go by."""
    why = "names as they are searched, and the initials of their pinyin"
    for table, key in KEYS.items():
        op.drop_index(f"ix_{table}_searched", table)
        op.add_column(table, sa.Column("searched", sa.Text(), nullable=False, server_default="", comment=why))
        _fill(table, key)
    place = ["site_id", "seq", "part"]
    searched = ["unit", "received_at", "searched"]
    op.create_index("ix_reports_searched", "reports", [*place, "number", "code", *searched])
    op.create_index("ix_claims_searched", "claims", [*place, *STANDS, "unit", "reported_at", "searched"])
    op.drop_index("ix_claims_ends_at", "claims")
    op.create_index("ix_claims_ends_at", "claims", ["site_id", "ends_at", "seq", "part"])


def _fill(name: str, key: tuple[str, ...]) -> None:
    connection, names = op.get_bind(), ("client", "agent", "unit", "searched")
    table = sa.table(name, *(sa.column(each, sa.BigInteger if each in key else sa.Text) for each in (*key, *names)))
    keys = [table.c[each] for each in key]
    fill = sa.update(table).where(*(column == sa.bindparam(f"its_{column.name}") for column in keys))
    fill, after = fill.values(searched=sa.bindparam("made")), tuple(-(2**62) for _ in key)
    while True:
        behind = sa.tuple_(*keys) > sa.tuple_(*after)
        rows = connection.execute(sa.select(table).where(behind).order_by(*keys).limit(AT_ONCE)).mappings().all()
        if not rows:
            return
        made = [{f"its_{each}": row[each] for each in key} | {"made": of_row(dict(row))} for row in rows]
        connection.execute(fill, made)
        after = tuple(rows[-1][each] for each in key)
