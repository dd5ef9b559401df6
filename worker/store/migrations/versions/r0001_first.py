"""The first tables.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
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
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_claims_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_claims")),
        comment="What reports won: one row for each registration, as it stands now.",
    )
    op.create_index("ix_claims_last4", "claims", ["site_id", "last4"], unique=False)
    op.create_index("ix_claims_phone7", "claims", ["site_id", "first3", "last4"], unique=False)
    op.create_index("ix_claims_sender", "claims", ["site_id", "sender"], unique=False)
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
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_decisions_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "seq", name=op.f("pk_decisions")),
        comment="One outcome for each message of the line.",
    )
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
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_replies_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "site_id", "cause", "code", "recipient", name=op.f("uq_replies_site_id_cause_code_recipient")
        ),
        comment="The outbox.",
    )
    op.create_index("ix_replies_due", "replies", ["state", "next_at"], unique=False)
    op.create_index("ix_replies_recipient", "replies", ["site_id", "recipient", "id"], unique=False)
    op.create_index("ix_replies_sid", "replies", ["sid"], unique=False)
    op.create_index(
        "ix_replies_to_send",
        "replies",
        ["site_id", "recipient", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
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
    op.create_table(
        "roster",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_roster_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "phone", name=op.f("pk_roster")),
        comment="分销人员名单: one unit a phone at a time; days are the site's, inclusive.",
    )
    op.create_index("ix_roster_name_key", "roster", ["site_id", "name_key"], unique=False)
    op.create_index("ix_roster_unit", "roster", ["site_id", "unit"], unique=False)
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
