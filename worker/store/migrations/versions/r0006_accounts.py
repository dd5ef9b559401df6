"""Accounts, what the pages count by, and the register's look-ups.

Revision: 0006.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STILL_THERE = sa.text("removed_at IS NULL")


def upgrade() -> None:
    """Create the tables of accounts, and add what pages read by."""
    _create_users()
    _create_logins()
    _create_acts()
    waited = "when it was written down; tells how long the message waited, nothing else"
    op.add_column("decisions", sa.Column("decided_at", sa.BigInteger(), nullable=True, comment=waited))
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at"])
    op.create_index("ix_replies_created_at", "replies", ["created_at"])
    op.create_index("ix_replies_sent_at", "replies", ["sent_at"])
    op.create_index("ix_reports_phone7", "reports", ["site_id", "last4", "first3"])
    op.create_index("ix_reports_number", "reports", ["site_id", "number"])
    op.create_index("ix_claims_state", "claims", ["site_id", "state", "seq", "part"])
    op.create_index("ix_claims_place", "claims", ["site_id", "seq", "part"])
    for name in ("visited_at", "renewed_at", "deal_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_claims_{name}", "claims", ["site_id", "seq", "part"], sqlite_where=there, postgresql_where=there
        )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _noted("key", sa.Text(), "the name folded: what is typed at the login is compared with it", nullable=False),
        _noted("roles", sa.JSON(), "of ops manager consultant service", nullable=False),
        _noted("site_id", KEY, "the one site that he sees; empty: all of them"),
        _noted("phone", sa.Text(), "his registered phone: what he signs on a page counts like a text from it (D18)"),
        _noted("password", sa.Text(), "argon2 hash; empty until he has chosen one"),
        _noted("link", sa.String(64), "SHA-256 of the one-time link by which he chooses a password"),
        sa.Column("link_until", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _noted("removed_at", sa.BigInteger(), "he may not log in any more; the row stays for what he did"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_users_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        comment="Who may log in to the staff pages.",
    )
    for name in ("key", "phone"):
        op.create_index(
            f"uq_users_{name}", "users", [name], unique=True, sqlite_where=STILL_THERE, postgresql_where=STILL_THERE
        )


def _create_logins() -> None:
    op.create_table(
        "sessions",
        _noted("token", sa.String(64), "SHA-256 of what the cookie holds", nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        _noted("seen_at", sa.BigInteger(), "to some minutes", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
        comment="Logins that stand; taking a row away ends one.",
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "throttles",
        _noted("subject", sa.String(64), "salted hash of a name or of an address", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_throttles")),
        comment="How often a login was tried lately; the same for every process.",
    )


def _create_acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _noted("user_id", KEY, "empty: somebody at the server's own command line"),
        sa.Column("what", sa.Text(), nullable=False),
        _noted("about", sa.Text(), "ids only, as reply 17 or site 1; never a person's data", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_acts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        comment="Who did what on the pages.",
    )
    op.create_index("ix_acts_user_id", "acts", ["user_id", "id"])


def _noted(name: str, kind: sa.types.TypeEngine[Any], comment: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, comment=comment)
