"""Gateways that are added to an installation, their phones, and which phone fetched a reply.

Revision: r0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0014"
down_revision = "r0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "gateways",
        sa.Column("name", sa.Text(), nullable=False, comment="in addresses, in sites and in the line"),
        sa.Column("kind", sa.Text(), nullable=False, comment="which adapter it has"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "token", sa.String(64), nullable=False, comment="SHA-256 of the token by which a phone may ask to be let in"
        ),
        sa.Column("token_at", sa.BigInteger(), nullable=False, comment="since when this token is good"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gateways")),
        comment="Gateways that were added to this installation; Twilio and the sandbox follow from its settings.",
    )
    op.create_table(
        "phones",
        sa.Column(
            "id", sa.Text(), nullable=False, comment="given with each registration; its signing key follows from it"
        ),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="maker and model, as the app says"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting approved ended"),
        sa.Column("token", sa.String(64), nullable=False, comment="SHA-256 of what it signs in with"),
        sa.Column("sims", sa.JSON(), nullable=False, comment="as it said last; numbers masked by the app"),
        sa.Column("approved_sims", sa.JSON(), comment="as it had said when it was approved"),
        sa.Column("app", sa.Text(), nullable=False, comment="version of the app"),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger()),
        sa.Column("approved_by", KEY, comment="empty: somebody at the server's own command line"),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, comment="when we last heard of it, to some seconds"),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.name"], name=op.f("fk_phones_gateway_gateways")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_phones_approved_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
        sa.UniqueConstraint("token", name=op.f("uq_phones_token")),
        comment="Phones that are a gateway's: each registration, first or repeated, is one and waits for a person.",
    )
    op.create_index("ix_phones_gateway", "phones", ["gateway", "state"])
    op.create_table(
        "phone_sims",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("sim", sa.Integer(), nullable=False, autoincrement=False, comment="from 1, as the app counts them"),
        sa.Column("site_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["phone"], ["phones.id"], name=op.f("fk_phone_sims_phone_phones")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_phone_sims_site_id_sites")),
        sa.PrimaryKeyConstraint("phone", "sim", name=op.f("pk_phone_sims")),
        sa.UniqueConstraint("site_id", name=op.f("uq_phone_sims_site_id")),
        comment="Which SIM of an approved phone has which site's number; a site has one.",
    )
    op.add_column(
        "attempts",
        sa.Column("phone", sa.Text(), comment="the phone that fetched it; empty: it was handed to its gateway"),
    )
