"""The tables of the first version that later ones carry on from.

Revision: r0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "alerts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="what it is about: site:3, a gateway; empty: all of it"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False, comment="what is wrong and how to mend it"),
        sa.Column("detail", sa.JSON(), nullable=False, comment="ids and counts"),
        sa.Column("last_sent_at", sa.BigInteger(), nullable=True, comment="when ALERT_URL last took it"),
        sa.Column(
            "cleared_at", sa.BigInteger(), nullable=True, comment="it is over, and ALERT_URL has not heard of that yet"
        ),
        sa.PrimaryKeyConstraint("code", "scope", name=op.f("pk_alerts")),
        comment="What an operator has to know of now; the sweeper raises and clears it.",
    )
    op.create_table(
        "backfills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: not finished"),
        sa.Column("found", sa.Integer(), nullable=False, comment="inbound texts in the gateway's list"),
        sa.Column("healed", sa.Integer(), nullable=False, comment="those that were missing and were put in line"),
        sa.Column("error", sa.Text(), nullable=True, comment="kind of what ended it early; empty when it ended well"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
        comment="Each comparison of a gateway's own list with ours; old ones are removed.",
    )
    op.create_index("ix_backfills_gateway", "backfills", ["gateway", "started_at"], unique=False)
    op.create_table(
        "gateway_stops",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="our sending number; empty: the whole gateway"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "number", name=op.f("pk_gateway_stops")),
        comment="What cannot send until somebody mends it and says so; its replies stay pending.",
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False, comment="which kind of process: sweeper"),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "host", "pid", name=op.f("pk_heartbeats")),
        comment="Signs of life of the processes that nobody else would miss.",
    )
    op.create_table(
        "paces",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="our sending number"),
        sa.Column("free_at", sa.BigInteger(), nullable=False, comment="when its next reply may go out"),
        sa.PrimaryKeyConstraint("gateway", "number", name=op.f("pk_paces")),
        comment="When each number may send again, where SEND_PER_SECOND is set.",
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("name", name=op.f("uq_sites_name")),
        sa.UniqueConstraint("number", name=op.f("uq_sites_number")),
        comment="One line each: who may text to which number, and the last place given.",
    )
    op.create_table(
        "throttles",
        sa.Column("subject", sa.String(length=64), nullable=False, comment="salted hash of a name or of an address"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_throttles")),
        comment="How often a login was tried lately; the same for every process.",
    )
    op.create_table(
        "unrouted",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unrouted")),
        sa.UniqueConstraint("gateway", "provider_id", name=op.f("uq_unrouted_gateway_provider_id")),
        comment="Texts to a number of no site.",
    )
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
    op.create_index("ix_aliases_last4", "aliases", ["site_id", "last4", "first3"], unique=False)
    op.create_index("ix_aliases_number", "aliases", ["site_id", "number"], unique=False)
    op.create_table(
        "claims",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="the name folded for comparison"),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("agent_phone", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="ended before its time: withdrawn, displaced …"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column(
            "rivals", sa.JSON(), nullable=False, comment="numbers of the claims that it is suspected or contested with"
        ),
        sa.Column("visited_at", sa.BigInteger(), nullable=True),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("policy_seq", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False, comment="the policy's periods when it was made"),
        sa.Column("visit", sa.BigInteger(), nullable=False, comment="form of its first confirmed visit (V)"),
        sa.Column(
            "followed_at",
            sa.BigInteger(),
            nullable=True,
            comment="last follow-up since the report or the last renewal (R9)",
        ),
        sa.Column("contact_at", sa.BigInteger(), nullable=True, comment="last contact under visit protection (R14)"),
        sa.Column("came_at", sa.BigInteger(), nullable=True, comment="own arrival under the live report (R15)"),
        sa.Column("deal_at", sa.BigInteger(), nullable=True, comment="from then on the answer stands for good"),
        sa.Column("said", sa.Text(), nullable=False, comment="words of its first text, which amending goes by"),
        sa.Column("readings", sa.JSON(), nullable=False, comment="how its reading was amended, affirmed, checked"),
        sa.Column(
            "planned_day",
            sa.Date(),
            nullable=True,
            comment="the site's day on which the client is expected, as last told",
        ),
        sa.Column("planned_time", sa.Text(), nullable=True, comment="HH:MM of that day"),
        sa.Column("planned_part", sa.Text(), nullable=True, comment="morning, noon, afternoon, evening, weekend"),
        sa.Column("planned_seq", sa.BigInteger(), nullable=True, comment="place of the text that told it"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_claims_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_claims")),
        comment="What holds a client: a row for each registration, and (number < 0) for each walk-in, as it stands "
        "now.",
    )
    op.create_index("ix_claims_agent_phone", "claims", ["site_id", "agent_phone"], unique=False)
    op.create_index(
        "ix_claims_deal_at",
        "claims",
        ["site_id", "seq", "part"],
        unique=False,
        sqlite_where=sa.text("deal_at IS NOT NULL"),
        postgresql_where=sa.text("deal_at IS NOT NULL"),
    )
    op.create_index("ix_claims_ends_at", "claims", ["site_id", "ends_at"], unique=False)
    op.create_index("ix_claims_last4", "claims", ["site_id", "last4", "first3"], unique=False)
    op.create_index("ix_claims_place", "claims", ["site_id", "seq", "part"], unique=False)
    op.create_index(
        "ix_claims_planned_day",
        "claims",
        ["site_id", "planned_day"],
        unique=False,
        sqlite_where=sa.text("planned_day IS NOT NULL"),
        postgresql_where=sa.text("planned_day IS NOT NULL"),
    )
    op.create_index(
        "ix_claims_renewed_at",
        "claims",
        ["site_id", "seq", "part"],
        unique=False,
        sqlite_where=sa.text("renewed_at IS NOT NULL"),
        postgresql_where=sa.text("renewed_at IS NOT NULL"),
    )
    op.create_index("ix_claims_sender", "claims", ["site_id", "sender", "reported_at"], unique=False)
    op.create_index("ix_claims_state", "claims", ["site_id", "state", "seq", "part"], unique=False)
    op.create_index("ix_claims_unit", "claims", ["site_id", "unit", "ends_at"], unique=False)
    op.create_index(
        "ix_claims_unsure",
        "claims",
        ["site_id", "seq", "part"],
        unique=False,
        sqlite_where=sa.text("instr(flags, '\"unsure\"') > 0"),
        postgresql_where=sa.text("strpos(CAST(flags AS TEXT), '\"unsure\"') > 0"),
    )
    op.create_index(
        "ix_claims_visited_at",
        "claims",
        ["site_id", "seq", "part"],
        unique=False,
        sqlite_where=sa.text("visited_at IS NOT NULL"),
        postgresql_where=sa.text("visited_at IS NOT NULL"),
    )
    op.create_table(
        "cursors",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decided_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False, comment="hex SHA-256, end of the chain of decisions"),
        sa.Column(
            "state", sa.JSON(), nullable=False, comment="the site's policy, staff and counters after decided_seq"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_cursors_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_cursors")),
        comment="How far each line is decided; its row is locked by whoever decides.",
    )
    op.create_table(
        "deadlines",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "at",
            sa.BigInteger(),
            nullable=False,
            comment="the instant it is about; when to tell follows from the policy",
        ),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False, comment="what has gathered for it: counts of a digest"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_deadlines_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "kind", "subject", "at", name=op.f("pk_deadlines")),
        comment="What passing time will make us say, each once.",
    )
    op.create_index("ix_deadlines_waiting", "deadlines", ["done", "kind", "at"], unique=False)
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
        "decisions",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="what the text was taken for"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column(
            "policy_seq", sa.BigInteger(), nullable=False, comment="place of the policy it was made under; 0: defaults"
        ),
        sa.Column("commitment", sa.String(length=64), nullable=False, comment="salted hash of message and effects"),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=True,
            comment="of the rules that it was made by; empty: from before these were counted",
        ),
        sa.Column(
            "decided_at",
            sa.BigInteger(),
            nullable=True,
            comment="when it was written down; tells how long the message waited, nothing else",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_decisions_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_decisions")),
        comment="One outcome for each message of the line.",
    )
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at"], unique=False)
    op.create_index(
        "ix_decisions_undecided",
        "decisions",
        ["site_id", "seq"],
        unique=False,
        sqlite_where=sa.text("code = 'undecidable'"),
        postgresql_where=sa.text("code = 'undecidable'"),
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
    op.create_index("ix_disputes_seq", "disputes", ["site_id", "seq"], unique=False)
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
        "forwards",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "part", sa.Integer(), autoincrement=False, nullable=False, comment="which site that the text names, from 0"
        ),
        sa.Column("number", sa.Text(), nullable=False, comment="the other site's"),
        sa.Column("name", sa.Text(), nullable=False, comment="the other site's, when it was decided"),
        sa.Column("done", sa.Boolean(), nullable=False, comment="the text is in the other site's line"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_forwards_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "part", name=op.f("pk_forwards")),
        comment="Texts that belong into the line of another site (L25), where their message id is forward:SITE:SEQ.",
    )
    op.create_index("ix_forwards_done", "forwards", ["done", "site_id", "seq"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="text, form, or a set-up message: site policy staff unit roster import",
        ),
        sa.Column(
            "gateway", sa.Text(), nullable=False, comment="whose message id this is; program for forms and commands"
        ),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="masked, without NUL and lone surrogates"),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="the masked text as bytes, nothing else taken away"
        ),
        sa.Column("payload", sa.JSON(), nullable=True, comment="what a set-up message says"),
        sa.Column(
            "sent_at",
            sa.BigInteger(),
            nullable=True,
            comment="when its gateway says it was sent; never decides silently (R11)",
        ),
        sa.Column("echo", sa.Boolean(), nullable=False, comment="it carries the words of our own reply to this phone"),
        sa.Column("salt", sa.String(length=32), nullable=False, comment="hides the text in its commitment"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_inbox_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_inbox")),
        sa.UniqueConstraint("gateway", "provider_id", name=op.f("uq_inbox_gateway_provider_id")),
        comment="The line: every message that can change an answer, in the order in which it was received.",
    )
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
    op.create_index("ix_kin_last4", "kin", ["site_id", "last4", "first3"], unique=False)
    op.create_index("ix_kin_other_last4", "kin", ["site_id", "other_last4", "other_first3"], unique=False)
    op.create_table(
        "opt_outs",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_opt_outs_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "phone", name=op.f("pk_opt_outs")),
        comment="People to whom the gateway refuses to send because they said stop; they get no notices.",
    )
    op.create_table(
        "published_heads",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="place of the chain's last decision"
        ),
        sa.Column("published_in", sa.Text(), nullable=False, comment="digest, daily, export, seal"),
        sa.Column("head8", sa.String(length=8), nullable=False, comment="first 8 hex digits of the head"),
        sa.Column("published_at", sa.BigInteger(), nullable=False, comment="when it was first published there"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_published_heads_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "published_in", "head8", name=op.f("pk_published_heads")),
        comment="Every head of the chain that went outside; audit finds each of them on the chain.",
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="m:SEQ for a message, d:KIND:SUBJECT:AT for a deadline"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="reply: to the sender of the message; notice: to others"),
        sa.Column("ref", sa.Text(), nullable=False, comment="R, V or D number that the words carry, as R1024"),
        sa.Column("params", sa.JSON(), nullable=False, comment="what the words are made of"),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending sending sent failed unknown review stale"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False, comment="not before this"),
        sa.Column(
            "lease_until",
            sa.BigInteger(),
            nullable=True,
            comment="while sending: whose silence until then means a dead sender",
        ),
        sa.Column("useful_until", sa.BigInteger(), nullable=False, comment="an older reply is recorded and not sent"),
        sa.Column("sid", sa.Text(), nullable=True, comment="the gateway's id of it"),
        sa.Column(
            "delivery",
            sa.Text(),
            nullable=True,
            comment="the gateway's word on it: queued sending sent delivered undelivered failed",
        ),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_words", sa.Text(), nullable=True),
        sa.Column(
            "refusal", sa.Text(), nullable=True, comment="of a failed one, whose fault it was: number content pair"
        ),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_replies_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "site_id", "cause", "code", "recipient", name=op.f("uq_replies_site_id_cause_code_recipient")
        ),
        comment="The outbox.",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_replies_created_at", "replies", ["created_at"], unique=False)
    op.create_index("ix_replies_due", "replies", ["state", "next_at"], unique=False)
    op.create_index(
        "ix_replies_failed",
        "replies",
        ["state", "updated_at", "error_code"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index("ix_replies_recipient", "replies", ["site_id", "recipient", "id"], unique=False)
    op.create_index("ix_replies_sent_at", "replies", ["sent_at"], unique=False)
    op.create_index("ix_replies_sid", "replies", ["sid"], unique=False)
    op.create_index(
        "ix_replies_to_send",
        "replies",
        ["site_id", "recipient", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
    )
    op.create_index(
        "ix_replies_words_refused",
        "replies",
        ["site_id", "recipient"],
        unique=False,
        sqlite_where=sa.text("refusal = 'content'"),
        postgresql_where=sa.text("refusal = 'content'"),
    )
    op.create_table(
        "reports",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "part", sa.Integer(), autoincrement=False, nullable=False, comment="which client of the text, from 0"
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column(
            "number", sa.BigInteger(), nullable=True, comment="the registration that it won or met as its own (R)"
        ),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("first3", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_reports_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "part", name=op.f("pk_reports")),
        comment="《客户报备登记表》 (R3): a row for each client of each report, whatever became of it.",
    )
    op.create_index("ix_reports_number", "reports", ["site_id", "number"], unique=False)
    op.create_index("ix_reports_phone7", "reports", ["site_id", "last4", "first3"], unique=False)
    op.create_table(
        "retentions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="empty: what belongs to no site",
        ),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: not finished"),
        sa.Column("seal_seq", sa.BigInteger(), nullable=True, comment="place of the seal that it stayed behind"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="how many rows or files of each kind were erased"),
        sa.Column("error", sa.Text(), nullable=True, comment="why it ended early; empty when it ended well"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_retentions_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retentions")),
        comment="Each time that what is older than the policy's periods was erased.",
    )
    op.create_index("ix_retentions_site", "retentions", ["site_id", "started_at"], unique=False)
    op.create_table(
        "roster",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column(
            "listed_at",
            sa.BigInteger(),
            nullable=True,
            comment="since when without a break, by the line; empty: from ever",
        ),
        sa.Column("aliases", sa.JSON(), nullable=False, comment="what else he calls himself"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_roster_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "phone", name=op.f("pk_roster")),
        comment="分销人员名单: one unit a phone at a time; days are the site's, inclusive.",
    )
    op.create_index("ix_roster_name_key", "roster", ["site_id", "name_key"], unique=False)
    op.create_index("ix_roster_unit", "roster", ["site_id", "unit"], unique=False)
    op.create_table(
        "sealed_facts",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, in the order of the seal"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="the fact's table; cursors: the site's state"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="its key in that table as JSON; erased with the content where it is personal",
        ),
        sa.Column(
            "content",
            sa.Text(),
            nullable=True,
            comment="the row as JSON; once it is erased what is left of it, or nothing",
        ),
        sa.Column(
            "salt",
            sa.String(length=32),
            nullable=True,
            comment="hides the content in its commitment; erased with what was sealed",
        ),
        sa.Column(
            "commitment", sa.String(length=64), nullable=False, comment="salted hash of the content; stays for ever"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sealed_facts_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", "number", name=op.f("pk_sealed_facts")),
        comment="What stood in the tables of facts when a line was sealed.",
    )
    op.create_index("ix_sealed_facts_key", "sealed_facts", ["site_id", "seq", "kind", "key"], unique=False)
    op.create_table(
        "seals",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="the last place that it covers"),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False, comment="how many facts are sealed"),
        sa.Column(
            "state_hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 over the facts' commitments in their order",
        ),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "emptied_at",
            sa.BigInteger(),
            nullable=True,
            comment="a newer seal took its place, and its facts were taken away",
        ),
        sa.Column(
            "versions",
            sa.Text(),
            nullable=True,
            comment="what it was computed by, as canonical JSON: rules, phonenumbers; empty: sealed before it was "
            "noted",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_seals_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_seals")),
        comment="Checkpoints of an audited line: audit can begin behind one when texts before it are erased.",
    )
    op.create_table(
        "senders",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False, comment="answered refusals, waiting confirmation, opt-out"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_senders_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "phone", name=op.f("pk_senders")),
    )
    op.create_table(
        "units",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the name folded (H12)"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="own, distributor, referral"),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_units_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "key", name=op.f("pk_units")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="the name folded: what is typed at the login is compared with it"
        ),
        sa.Column("roles", sa.JSON(), nullable=False, comment="of ops manager consultant service"),
        sa.Column(
            "site_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="the one site that he sees; empty: all of them",
        ),
        sa.Column(
            "phone",
            sa.Text(),
            nullable=True,
            comment="his registered phone: what he signs on a page counts like a text from it (D18)",
        ),
        sa.Column("password", sa.Text(), nullable=True, comment="argon2 hash; empty until he has chosen one"),
        sa.Column(
            "link",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of the one-time link by which he chooses a password",
        ),
        sa.Column("link_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "removed_at",
            sa.BigInteger(),
            nullable=True,
            comment="he may not log in any more; the row stays for what he did",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_users_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        comment="Who may log in to the staff pages.",
    )
    op.create_index(
        "uq_users_key",
        "users",
        ["key"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index(
        "uq_users_phone",
        "users",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
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
    op.create_index("ix_visits_seq", "visits", ["site_id", "seq"], unique=False)
    op.create_table(
        "acts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "user_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="empty: somebody at the server's own command line",
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, comment="ids only, as reply 17 or site 1; never a person's data"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_acts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        comment="Who did what on the pages.",
    )
    op.create_index("ix_acts_user_id", "acts", ["user_id", "id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("reply_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "ended_at",
            sa.BigInteger(),
            nullable=True,
            comment="when its outcome was known; empty while sending, and for a dead sender",
        ),
        sa.Column("outcome", sa.Text(), nullable=True, comment="sent retry refused unknown"),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("sid", sa.Text(), nullable=True, comment="the gateway's id of this attempt"),
        sa.Column("delivery", sa.Text(), nullable=True, comment="the gateway's word on this attempt"),
        sa.Column("lookups", sa.Integer(), nullable=False, comment="how often it was looked for in the gateway's list"),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_attempts_reply_id_replies")),
        sa.PrimaryKeyConstraint("reply_id", "number", name=op.f("pk_attempts")),
        comment="Every time that a reply was handed to a gateway, or perhaps was.",
    )
    op.create_index("ix_attempts_ended_at", "attempts", ["ended_at"], unique=False)
    op.create_index("ix_attempts_sid", "attempts", ["sid"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token", sa.String(length=64), nullable=False, comment="SHA-256 of what the cookie holds"),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, comment="to some minutes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
        comment="Logins that stand; taking a row away ends one.",
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
