"""Visits, follow-ups, deals, disputes, families.

Revision: 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TERMS = (
    '{"report_days": 7, "visit_days": 30, "renewal_gap_hours": 72, "contact_gap_hours": 168, '
    '"objection_days": 5, "evidence_days": 3, "opinion_days": 3}'
)
"""The defaults of decisions.md, section G: what claims had that were made before their terms were kept."""


def upgrade() -> None:
    """Create the tables of the whole regime and what claims need for it."""
    op.create_table(
        "aliases",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_aliases_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "first3", "last4", "number", name=op.f("pk_aliases")),
        comment="Further numbers under which a claim's client is known (R25).",
    )
    op.create_table(
        "deals",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="the claim's"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="the moment at which the answer became final (J8)"),
        sa.Column("unit", sa.Text(), nullable=False, comment="who closed the deal"),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("owner_unit", sa.Text(), nullable=False),
        sa.Column("owner_agent", sa.Text(), nullable=False),
        sa.Column("owner_rules", sa.JSON(), nullable=False),
        sa.Column("owner_facts", sa.JSON(), nullable=False),
        sa.Column("deposit_on", sa.Date(), nullable=True),
        sa.Column("deposit_recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("down_on", sa.Date(), nullable=True),
        sa.Column("down_recorded_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "objection_until",
            sa.BigInteger(),
            nullable=True,
            comment="end of the window, by the policy of its recording (R18, J3)",
        ),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_deals_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_deals")),
        comment="What was paid, and whose the client was then (R18–R20).",
    )
    op.create_table(
        "disputes",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="D"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("parties", sa.JSON(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("opinions", sa.JSON(), nullable=False),
        sa.Column("rulings", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, decided, cancelled"),
        sa.Column("evidence_until", sa.BigInteger(), nullable=True),
        sa.Column("opinion_until", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True, comment="when the manager withdrew it (J9)"),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_disputes_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_disputes")),
        comment="Quarrels about whose a client is (R18–R22, R27, R28).",
    )
    op.create_index("ix_disputes_claim", "disputes", ["site_id", "claim"], unique=False)
    op.create_index("ix_disputes_state", "disputes", ["site_id", "state"], unique=False)

    op.create_table(
        "follow_ups",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="the claim that it is about"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="agent or consultant"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_follow_ups_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "part", name=op.f("pk_follow_ups")),
        comment="Contacts with clients that were reported (R9, R14).",
    )
    op.create_index("ix_follow_ups_number", "follow_ups", ["site_id", "number"], unique=False)

    op.create_table(
        "kin",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("other_client", sa.Text(), nullable=False),
        sa.Column("other_first3", sa.Text(), nullable=False),
        sa.Column("other_last4", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False, comment="makes them one client; else only claimed (B17)"),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_kin_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_kin")),
        comment="Clients who are parent and child or spouses (R23).",
    )
    op.create_index("ix_kin_other_phone7", "kin", ["site_id", "other_first3", "other_last4"], unique=False)
    op.create_index("ix_kin_phone7", "kin", ["site_id", "first3", "last4"], unique=False)

    op.create_table(
        "visits",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="V"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "day", sa.Date(), nullable=False, comment="the site's civil day; at its end an unsigned form is void (R16)"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="led, own, walkin"),
        sa.Column("state", sa.Text(), nullable=False, comment="open, asked, confirmed, denied"),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False, comment="the claim that it is under; 0: none"),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("agent_phone", sa.Text(), nullable=False),
        sa.Column("opener", sa.Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False, comment="further clients on the form (C6)"),
        sa.Column("mismatch", sa.JSON(), nullable=False, comment="what does not agree with the report (R5)"),
        sa.Column("cured", sa.Boolean(), nullable=False, comment="written proof was shown (R22)"),
        sa.Column("signatures", sa.JSON(), nullable=False, comment="party → phone, at, seq (R13)"),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_visits_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_visits")),
        comment="《来访客户确认单》: one entry of one client a row (R12).",
    )
    op.create_index("ix_visits_claim", "visits", ["site_id", "claim"], unique=False)
    op.create_index("ix_visits_day", "visits", ["site_id", "day", "state"], unique=False)
    op.create_index("ix_visits_phone7", "visits", ["site_id", "first3", "last4"], unique=False)

    op.add_column(
        "claims",
        sa.Column(
            "terms", sa.JSON(), server_default=TERMS, nullable=False, comment="the policy's periods when it was made"
        ),
    )
    op.add_column(
        "claims",
        sa.Column(
            "visit",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="form of its first confirmed visit (V)",
        ),
    )
    op.add_column(
        "claims",
        sa.Column(
            "followed_at",
            sa.BigInteger(),
            nullable=True,
            comment="last follow-up since the report or the last renewal (R9)",
        ),
    )
    op.add_column(
        "claims",
        sa.Column("contact_at", sa.BigInteger(), nullable=True, comment="last contact under visit protection (R14)"),
    )
    op.add_column(
        "claims",
        sa.Column("came_at", sa.BigInteger(), nullable=True, comment="own arrival under the live report (R15)"),
    )
    op.add_column(
        "claims",
        sa.Column("deal_at", sa.BigInteger(), nullable=True, comment="from then on the answer stands for good"),
    )
    op.add_column(
        "roster",
        sa.Column(
            "listed_at",
            sa.BigInteger(),
            nullable=True,
            comment="since when without a break, by the line; empty: from ever",
        ),
    )
    op.create_index("ix_claims_agent_phone", "claims", ["site_id", "agent_phone"], unique=False)
    op.create_index("ix_claims_unit", "claims", ["site_id", "unit", "ends_at"], unique=False)
    if op.get_bind().dialect.supports_comments:
        op.create_table_comment(
            "claims",
            "What holds a client: a row for each registration, and (number < 0) for each walk-in, as it stands now.",
            existing_comment="What reports won: one row for each registration, as it stands now.",
        )
