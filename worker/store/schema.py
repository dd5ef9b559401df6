"""The tables. SQL is the only truth; everything here can be computed again from `inbox`, and `audit` does so."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext

from worker.store.search_words import SEARCHED, of_row
from worker.store.states import PhoneState, ReplyState
from worker.store.types import EPOCH, UtcTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")


def _site() -> Column[int]:
    return Column("site_id", ForeignKey("sites.id"), primary_key=True)


def _searched() -> Column[str]:
    """Return the column of what a row is searched by, which whoever inserts the row need not know."""

    def made(context: DefaultExecutionContext) -> str:
        row: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
        return of_row(row)

    why = "names as they are searched, and the initials of their pinyin"
    return Column(SEARCHED, Words, nullable=False, default=made, server_default="", comment=why)


sites = Table(
    "sites",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", Words, nullable=False, unique=True),
    Column("number", Words, nullable=False, unique=True),
    Column("gateway", Words, nullable=False),
    # The counter row: locked by whoever puts a message into the line, until commit.
    Column("last_seq", BigInteger, nullable=False, default=0),
    Column("last_received_at", UtcTime, nullable=False, default=EPOCH),
    comment="One line each: who may text to which number, and the last place given.",
)

former_numbers = Table(
    "former_numbers",
    metadata,
    Column("number", Words, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    comment="Numbers that a site had before: what still comes to one is that site's, unless another has it now.",
)

POLICY_SET = text("kind = 'policy'")
inbox = Table(
    "inbox",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("received_at", UtcTime, nullable=False),
    Column(
        "kind", Words, nullable=False, comment="text, form, or a set-up message: site policy staff unit roster import"
    ),
    Column("gateway", Words, nullable=False, comment="whose message id this is; program for forms and commands"),
    Column("provider_id", Words, nullable=False),
    Column("sender", Words, nullable=False),
    Column("text", Words, nullable=False, comment="masked, without NUL and lone surrogates"),
    Column("body", LargeBinary, nullable=False, comment="the masked text as bytes, nothing else taken away"),
    Column("payload", JSON, comment="what a set-up message says"),
    Column("sent_at", UtcTime, comment="when its gateway says it was sent; never decides silently (R11)"),
    Column(
        "echo", Boolean, nullable=False, default=False, comment="it carries the words of our own reply to this phone"
    ),
    Column("salt", String(32), nullable=False, comment="hides the text in its commitment"),
    UniqueConstraint("gateway", "provider_id"),
    Index("ix_inbox_sender", "site_id", "sender", "seq"),
    # What a site's policy was made by, among all the rest; written as `worker.readers.policy` asks for it.
    Index("ix_inbox_policy", "site_id", "seq", sqlite_where=POLICY_SET, postgresql_where=POLICY_SET),
    comment="The line: every message that can change an answer, in the order in which it was received.",
)

unrouted = Table(
    "unrouted",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("received_at", UtcTime, nullable=False),
    Column("gateway", Words, nullable=False),
    Column("provider_id", Words, nullable=False),
    Column("sender", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("gateway", "provider_id"),
    comment="Texts to a number of no site.",
)

cursors = Table(
    "cursors",
    metadata,
    _site(),
    Column("decided_seq", BigInteger, nullable=False, default=0),
    Column("head", String(64), nullable=False, comment="hex SHA-256, end of the chain of decisions"),
    Column("state", JSON, nullable=False, comment="the site's policy, staff and counters after decided_seq"),
    Column(
        "erasures",
        BigInteger,
        nullable=False,
        default=0,
        server_default="0",
        comment="how often retention has changed facts: what was read before may be no more",
    ),
    comment="How far each line is decided; its row is locked by whoever decides.",
)

decisions = Table(
    "decisions",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("received_at", UtcTime, nullable=False),
    Column("kind", Words, nullable=False, comment="what the text was taken for"),
    Column("code", Words, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("policy_seq", BigInteger, nullable=False, comment="place of the policy it was made under; 0: defaults"),
    Column("commitment", String(64), nullable=False, comment="salted hash of message and effects"),
    Column("head", String(64), nullable=False),
    Column("version", Integer, comment="of the rules that it was made by; empty: from before these were counted"),
    Column("decided_at", UtcTime, comment="when it was written down; tells how long the message waited, nothing else"),
    Column("reason", Words, nullable=False, default="", comment="of a refusal: what is wrong, in a word"),
    Index("ix_decisions_decided_at", "decided_at"),
    comment="One outcome for each message of the line.",
)

reports = Table(
    "reports",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False, comment="which client of the text, from 0"),
    Column("received_at", UtcTime, nullable=False),
    Column("code", Words, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("number", BigInteger, comment="the registration that it won or met as its own (R)"),
    Column("client", Words, nullable=False),
    Column("first3", Words, nullable=False),
    Column("last4", Words, nullable=False),
    Column("unit", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("sender", Words, nullable=False),
    _searched(),
    Index("ix_reports_phone7", "site_id", "last4", "first3"),
    Index("ix_reports_number", "site_id", "number"),
    # All that the register is searched by, so that what does not fit costs no look at the row.
    Index("ix_reports_searched", "site_id", "seq", "part", "number", "code", "unit", "received_at", SEARCHED),
    comment="《客户报备登记表》 (R3): a row for each client of each report, whatever became of it.",
)

claims = Table(
    "claims",
    metadata,
    _site(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    Column("client", Words, nullable=False),
    Column("name_key", Words, nullable=False, comment="the name folded for comparison"),
    Column("first3", Words, nullable=False),
    Column("last4", Words, nullable=False),
    Column("unit", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("agent_phone", Words, nullable=False),
    Column("sender", Words, nullable=False),
    Column("reported_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, comment="ended before its time: withdrawn, displaced …"),
    Column("ended_for", Words, nullable=False, default="", comment="why it was withdrawn or turned down, as written"),
    Column("state", Words, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("rivals", JSON, nullable=False, comment="numbers of the claims that it is suspected or contested with"),
    Column("visited_at", UtcTime),
    Column("renewed_at", UtcTime),
    Column("policy_seq", BigInteger, nullable=False),
    Column("terms", JSON, nullable=False, comment="the policy's periods when it was made"),
    Column("visit", BigInteger, nullable=False, default=0, comment="form of its first confirmed visit (V)"),
    Column("followed_at", UtcTime, comment="last follow-up since the report or the last renewal (R9)"),
    Column("contact_at", UtcTime, comment="last contact under visit protection (R14)"),
    Column("came_at", UtcTime, comment="own arrival under the live report (R15)"),
    Column("deal_at", UtcTime, comment="from then on the answer stands for good"),
    Column("said", Words, nullable=False, default="", comment="words of its first text, which amending goes by"),
    Column("readings", JSON, nullable=False, default=list, comment="how its reading was amended, affirmed, checked"),
    Column("planned_day", Date, comment="the site's day on which the client is expected, as last told"),
    Column("planned_time", Words, comment="HH:MM of that day"),
    Column("planned_part", Words, comment="morning, noon, afternoon, evening, weekend"),
    Column("planned_seq", BigInteger, comment="place of the text that told it"),
    Column(
        "ahead", BigInteger, nullable=False, default=0, comment="seconds that the line was ahead as its end was set"
    ),
    _searched(),
    Index("ix_claims_last4", "site_id", "last4", "first3"),
    Index("ix_claims_sender", "site_id", "sender", "reported_at"),
    Index("ix_claims_agent_phone", "site_id", "agent_phone"),
    Index("ix_claims_unit", "site_id", "unit", "ends_at"),
    # All that a status is made of, and in the second whatever else the register is searched by.
    Index("ix_claims_status", "site_id", "state", "seq", "part", "ends_at", "deal_at", "visited_at", "renewed_at"),
    Index(
        "ix_claims_searched",
        *("site_id", "seq", "part", "state", "ends_at", "deal_at", "visited_at", "renewed_at"),
        *("unit", "reported_at", SEARCHED),
    ),
    # By what ends soonest; the place tells what ends in one second apart.
    Index("ix_claims_ends_at", "site_id", "ends_at", "seq", "part"),
    comment="What holds a client: a row for each registration, and (number < 0) for each walk-in, as it stands now.",
)

aliases = Table(
    "aliases",
    metadata,
    _site(),
    Column("first3", Words, primary_key=True),
    Column("last4", Words, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("proof", Words, nullable=False),
    Index("ix_aliases_last4", "site_id", "last4", "first3"),
    Index("ix_aliases_number", "site_id", "number"),
    comment="Further numbers under which a claim's client is known (R25).",
)

follow_ups = Table(
    "follow_ups",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, comment="the claim that it is about"),
    Column("at", UtcTime, nullable=False),
    Column("phone", Words, nullable=False),
    Column("role", Words, nullable=False, comment="agent or consultant"),
    Column("words", Words, nullable=False),
    Index("ix_follow_ups_number", "site_id", "number"),
    comment="Contacts with clients that were reported (R9, R14).",
)

visits = Table(
    "visits",
    metadata,
    _site(),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="V"),
    Column("seq", BigInteger, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("arrived_at", UtcTime, nullable=False),
    Column("day", Date, nullable=False, comment="the site's civil day; at its end an unsigned form is void (R16)"),
    Column("kind", Words, nullable=False, comment="led, own, walkin"),
    Column("state", Words, nullable=False, comment="open, asked, confirmed, denied"),
    Column("client", Words, nullable=False),
    Column("first3", Words, nullable=False),
    Column("last4", Words, nullable=False),
    Column("claim", BigInteger, nullable=False, comment="the claim that it is under; 0: none"),
    Column("unit", Words, nullable=False),
    Column("agent", Words, nullable=False),
    Column("agent_phone", Words, nullable=False),
    Column("opener", Words, nullable=False),
    Column("members", JSON, nullable=False, comment="further clients on the form (C6)"),
    Column("mismatch", JSON, nullable=False, comment="what does not agree with the report (R5)"),
    Column("named_agent", Words, nullable=False, default="", comment="whom the arrival named, as written"),
    Column("named_unit", Words, nullable=False, default=""),
    Column("cured", Boolean, nullable=False, default=False, comment="written proof was shown (R22)"),
    Column("signatures", JSON, nullable=False, comment="party → phone, at, seq (R13)"),
    Column("closed_at", UtcTime),
    Column("before", JSON, nullable=False, default=(), server_default="[]", comment="claims before it counted (L7)"),
    Index("ix_visits_day", "site_id", "day", "state"),
    Index("ix_visits_claim", "site_id", "claim"),
    Index("ix_visits_phone7", "site_id", "first3", "last4"),
    Index("ix_visits_seq", "site_id", "seq"),
    comment="《来访客户确认单》: one entry of one client a row (R12).",
)

deals = Table(
    "deals",
    metadata,
    _site(),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="the claim's"),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False, comment="the moment at which the answer became final (J8)"),
    Column("unit", Words, nullable=False, comment="who closed the deal"),
    Column("agent", Words, nullable=False),
    Column("owner_unit", Words, nullable=False),
    Column("owner_agent", Words, nullable=False),
    Column("owner_rules", JSON, nullable=False),
    Column("owner_facts", JSON, nullable=False),
    Column("deposit_on", Date),
    Column("deposit_recorded_at", UtcTime),
    Column("down_on", Date),
    Column("down_recorded_at", UtcTime),
    Column("objection_until", UtcTime, comment="end of the window, by the policy of its recording (R18, J3)"),
    Column("cancelled_at", UtcTime),
    Column("flags", JSON, nullable=False),
    Column("terms", JSON, nullable=False),
    Index("ix_deals_at", "site_id", "at"),
    comment="What was paid, and whose the client was then (R18–R20).",
)

disputes = Table(
    "disputes",
    metadata,
    _site(),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="D"),
    Column("seq", BigInteger, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("claim", BigInteger, nullable=False),
    Column("client", Words, nullable=False),
    Column("first3", Words, nullable=False),
    Column("last4", Words, nullable=False),
    Column("parties", JSON, nullable=False),
    Column("papers", JSON, nullable=False),
    Column("opinions", JSON, nullable=False),
    Column("rulings", JSON, nullable=False),
    Column("state", Words, nullable=False, comment="open, decided, cancelled"),
    Column("evidence_until", UtcTime),
    Column("opinion_until", UtcTime),
    Column("cancelled_at", UtcTime, comment="when the manager withdrew it (J9)"),
    Column("terms", JSON, nullable=False),
    Index("ix_disputes_claim", "site_id", "claim"),
    Index("ix_disputes_state", "site_id", "state"),
    Index("ix_disputes_seq", "site_id", "seq"),
    comment="Quarrels about whose a client is (R18–R22, R27, R28).",
)

kin = Table(
    "kin",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("client", Words, nullable=False),
    Column("first3", Words, nullable=False),
    Column("last4", Words, nullable=False),
    Column("other_client", Words, nullable=False),
    Column("other_first3", Words, nullable=False),
    Column("other_last4", Words, nullable=False),
    Column("relation", Words, nullable=False),
    Column("proof", Words, nullable=False),
    Column("proved", Boolean, nullable=False, comment="makes them one client; else only claimed (B17)"),
    Column("undone_at", UtcTime),
    Index("ix_kin_last4", "site_id", "last4", "first3"),
    Index("ix_kin_other_last4", "site_id", "other_last4", "other_first3"),
    comment="Clients who are parent and child or spouses (R23).",
)

units = Table(
    "units",
    metadata,
    _site(),
    Column("key", Words, primary_key=True, comment="the name folded (H12)"),
    Column("name", Words, nullable=False),
    Column("kind", Words, nullable=False, comment="own, distributor, referral"),
    Column("aliases", JSON, nullable=False),
)

roster = Table(
    "roster",
    metadata,
    _site(),
    Column("phone", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("name_key", Words, nullable=False),
    Column("unit", Words, nullable=False),
    Column("from_day", Date),
    Column("to_day", Date),
    Column("listed_at", UtcTime, comment="since when without a break, by the line; empty: from ever"),
    Column("aliases", JSON, nullable=False, default=list, comment="what else he calls himself"),
    Index("ix_roster_unit", "site_id", "unit"),
    Index("ix_roster_name_key", "site_id", "name_key"),
    comment="分销人员名单: one unit a phone at a time; days are the site's, inclusive.",
)

senders = Table(
    "senders",
    metadata,
    _site(),
    Column("phone", Words, primary_key=True),
    Column("state", JSON, nullable=False, comment="answered refusals, waiting confirmation, opt-out"),
)

deadlines = Table(
    "deadlines",
    metadata,
    _site(),
    Column("kind", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("at", UtcTime, primary_key=True, comment="the instant it is about; when to tell follows from the policy"),
    Column("done", Boolean, nullable=False, default=False),
    Column("detail", JSON, nullable=False, comment="what has gathered for it: counts of a digest"),
    Index("ix_deadlines_waiting", "done", "kind", "at"),
    comment="What passing time will make us say, each once.",
)

forwards = Table(
    "forwards",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False, comment="which site that the text names, from 0"),
    Column("number", Words, nullable=False, comment="the other site's"),
    Column("name", Words, nullable=False, comment="the other site's, when it was decided"),
    Column("done", Boolean, nullable=False, default=False, comment="the text is in the other site's line"),
    Index("ix_forwards_done", "done", "site_id", "seq"),
    comment="Texts that belong into the line of another site (L25), where their message id is forward:SITE:SEQ.",
)

replies = Table(
    "replies",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("cause", Words, nullable=False, comment="m:SEQ for a message, d:KIND:SUBJECT:AT for a deadline"),
    Column("code", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("role", Words, nullable=False, comment="reply: to the sender of the message; notice: to others"),
    Column("ref", Words, nullable=False, default="", comment="R, V or D number that the words carry, as R1024"),
    Column("params", JSON, nullable=False, comment="what the words are made of"),
    Column("words", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column(
        "state",
        Words,
        nullable=False,
        default=ReplyState.PENDING,
        comment="pending sending sent failed unknown review stale",
    ),
    Column("attempt", Integer, nullable=False, default=0),
    Column("next_at", UtcTime, nullable=False, comment="not before this"),
    Column("lease_until", UtcTime, comment="while sending: whose silence until then means a dead sender"),
    Column("useful_until", UtcTime, nullable=False, comment="an older reply is recorded and not sent"),
    Column("sid", Words, comment="the gateway's id of it"),
    Column("delivery", Words, comment="the gateway's word on it: queued sending sent delivered undelivered failed"),
    Column("error_code", Words),
    Column("error_words", Words),
    Column("refusal", Words, comment="of a failed one, whose fault it was: number content pair"),
    Column("sent_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("site_id", "cause", "code", "recipient"),
    Index("ix_replies_due", "state", "next_at"),
    Index("ix_replies_recipient", "site_id", "recipient", "id"),
    Index("ix_replies_sid", "sid"),
    Index("ix_replies_created_at", "created_at"),
    Index("ix_replies_sent_at", "sent_at"),
    # No id is ever given to a second reply: a gateway's late word on the first would meet it.
    sqlite_autoincrement=True,
    comment="The outbox.",
)

attempts = Table(
    "attempts",
    metadata,
    Column("reply_id", ForeignKey("replies.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, comment="when its outcome was known; empty while sending, and for a dead sender"),
    Column("outcome", Words, comment="sent retry refused unknown"),
    Column("code", Words),
    Column("sid", Words, comment="the gateway's id of this attempt"),
    Column("delivery", Words, comment="the gateway's word on this attempt"),
    Column("lookups", Integer, nullable=False, default=0, comment="how often it was looked for in the gateway's list"),
    Column("phone", Words, comment="the phone that fetched it; empty: it was handed to its gateway"),
    Column("had_at", UtcTime, comment="when its phone last showed that it has it"),
    Column("gateway", Words, comment="to which gateway it went; empty: of an older version, to the site's present one"),
    Column("recalled_at", UtcTime, comment="since when its phone is to give it back, for its site goes by another"),
    Index("ix_attempts_sid", "sid"),
    Index("ix_attempts_ended_at", "ended_at"),
    comment="Every time that a reply was handed to a gateway, or perhaps was.",
)

gateways = Table(
    "gateways",
    metadata,
    Column("name", Words, primary_key=True, comment="in addresses, in sites and in the line"),
    Column("kind", Words, nullable=False, comment="which adapter it has"),
    Column("created_at", UtcTime, nullable=False),
    Column("token", String(64), nullable=False, comment="SHA-256 of the token by which a phone may ask to be let in"),
    Column("token_at", UtcTime, nullable=False, comment="since when this token is good"),
    Column("account", JSON, comment="of one behind somebody's server: its address and our login, the password sealed"),
    comment="Gateways that were added to this installation; Twilio and the sandbox follow from its settings.",
)

phones = Table(
    "phones",
    metadata,
    Column("id", Words, primary_key=True, comment="given with each registration; its signing key follows from it"),
    Column("gateway", ForeignKey("gateways.name"), nullable=False),
    Column("name", Words, nullable=False, comment="maker and model, as the app says"),
    Column("state", Words, nullable=False, default=PhoneState.WAITING, comment="waiting approved ended"),
    Column("token", String(64), nullable=False, unique=True, comment="SHA-256 of what it signs in with"),
    Column("sims", JSON, nullable=False, comment="as it said last; numbers masked by the app"),
    Column("approved_sims", JSON, comment="as it had said when it was approved"),
    Column("app", Words, nullable=False, default="", comment="version of the app"),
    Column("registered_at", UtcTime, nullable=False),
    Column("address", Words, nullable=False, server_default="", comment="from which it registered"),
    Column("approved_at", UtcTime),
    Column("approved_by", ForeignKey("users.id"), comment="empty: somebody at the server's own command line"),
    Column("ended_at", UtcTime),
    Column("seen_at", UtcTime, nullable=False, comment="when we last heard of it, to some seconds"),
    Column("clock_ahead", BigInteger, nullable=False, server_default="0", comment="by how many seconds, as it showed"),
    Column("clock_at", UtcTime, comment="when it last signed with its clock"),
    Column("served", JSON, comment="ids of the sites for which it was approved last"),
    Column("ours_from", UtcTime, comment="from when on what came to it is its sites'"),
    Column("seen_from", JSON, comment="the last two networks, each with when it was seen last"),
    Column("elsewhere_at", UtcTime, comment="when its token was last used from two in turn"),
    Index("ix_phones_gateway", "gateway", "state"),
    comment="Phones that are a gateway's: each registration, first or repeated, is one and waits for a person.",
)

phone_sims = Table(
    "phone_sims",
    metadata,
    Column("phone", ForeignKey("phones.id"), primary_key=True),
    Column("sim", Integer, primary_key=True, autoincrement=False, comment="from 1, as the app counts them"),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    UniqueConstraint("site_id", "phone"),
    comment="Which SIM of an approved phone sends and receives for which site; several phones may for one.",
)

gateway_stops = Table(
    "gateway_stops",
    metadata,
    Column("gateway", Words, primary_key=True),
    Column("number", Words, primary_key=True, comment="our sending number; empty: the whole gateway"),
    Column("since", UtcTime, nullable=False),
    Column("code", Words, nullable=False),
    Column("words", Words, nullable=False),
    comment="What cannot send until somebody mends it and says so; its replies stay pending.",
)

paces = Table(
    "paces",
    metadata,
    Column("gateway", Words, primary_key=True),
    Column("number", Words, primary_key=True, comment="our sending number"),
    Column("free_at", UtcTime, nullable=False, comment="when its next reply may go out"),
    comment="When each number may send again, where SEND_PER_SECOND is set.",
)

opt_outs = Table(
    "opt_outs",
    metadata,
    _site(),
    Column("phone", Words, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("code", Words, nullable=False),
    comment="People to whom the gateway refuses to send because they said stop; they get no notices.",
)

backfills = Table(
    "backfills",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("gateway", Words, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, comment="empty: not finished"),
    Column("found", Integer, nullable=False, default=0, comment="inbound texts in the gateway's list"),
    Column("healed", Integer, nullable=False, default=0, comment="those that were missing and were put in line"),
    Column("error", Words, comment="kind of what ended it early; empty when it ended well"),
    Index("ix_backfills_gateway", "gateway", "started_at"),
    comment="Each comparison of a gateway's own list with ours; old ones are removed.",
)

published_heads = Table(
    "published_heads",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="place of the chain's last decision"),
    Column("published_in", Words, primary_key=True, comment="digest, daily, export, seal"),
    Column("head8", String(8), primary_key=True, comment="first 8 hex digits of the head"),
    Column("published_at", UtcTime, nullable=False, comment="when it was first published there"),
    comment="Every head of the chain that went outside; audit finds each of them on the chain.",
)

seals = Table(
    "seals",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the last place that it covers"),
    Column("head", String(64), nullable=False),
    Column("facts", BigInteger, nullable=False, comment="how many facts are sealed"),
    Column("state_hash", String(64), nullable=False, comment="SHA-256 over the facts' commitments in their order"),
    Column("sealed_at", UtcTime, nullable=False),
    Column("emptied_at", UtcTime, comment="a newer seal took its place, and its facts were taken away"),
    Column(
        "versions",
        Words,
        comment="what it was computed by, as canonical JSON: rules, phonenumbers; empty: sealed before it was noted",
    ),
    comment="Checkpoints of an audited line: audit can begin behind one when texts before it are erased.",
)

sealed_facts = Table(
    "sealed_facts",
    metadata,
    _site(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="from 1, in the order of the seal"),
    Column("kind", Words, nullable=False, comment="the fact's table; cursors: the site's state"),
    Column("key", Words, comment="its key in that table as JSON; erased with the content where it is personal"),
    Column("content", Words, comment="the row as JSON; once it is erased what is left of it, or nothing"),
    Column("salt", String(32), comment="hides the content in its commitment; erased with what was sealed"),
    Column("commitment", String(64), nullable=False, comment="salted hash of the content; stays for ever"),
    Index("ix_sealed_facts_key", "site_id", "seq", "kind", "key"),
    comment="What stood in the tables of facts when a line was sealed.",
)

retentions = Table(
    "retentions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("site_id", ForeignKey("sites.id"), comment="empty: what belongs to no site"),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, comment="empty: not finished"),
    Column("seal_seq", BigInteger, comment="place of the seal that it stayed behind"),
    Column("counts", JSON, nullable=False, comment="how many rows or files of each kind were erased"),
    Column("error", Words, comment="why it ended early; empty when it ended well"),
    Index("ix_retentions_site", "site_id", "started_at"),
    comment="Each time that what is older than the policy's periods was erased.",
)

# Literal, not bound: a database uses a partial index only for a condition that it can read.
UNDECIDED = text("code = 'undecidable'")
Index(
    "ix_decisions_undecided",
    *(decisions.c[name] for name in ("site_id", "seq")),
    sqlite_where=UNDECIDED,
    postgresql_where=UNDECIDED,
)
# The wrong codes that closed a phone's acts: few among many decisions, and asked for every few seconds.
CLOSED_ACTS = text("decisions.reason = 'acts_closed'")
Index(
    "ix_decisions_closed_acts",
    *(decisions.c[name] for name in ("reason", "decided_at")),
    sqlite_where=text("reason = 'acts_closed'"),
    postgresql_where=text("reason = 'acts_closed'"),
)
STILL_TO_SEND = text("state IN ('pending', 'sending')")
Index(
    "ix_replies_to_send",
    replies.c.site_id,
    replies.c.recipient,
    replies.c.id,
    sqlite_where=STILL_TO_SEND,
    postgresql_where=STILL_TO_SEND,
)

# Likewise for all that are not simply sent, which nearly all are.
UNSENT = text("replies.state <> 'sent'")
Index(
    "ix_replies_unsent",
    *(replies.c[name] for name in ("state", "created_at")),
    sqlite_where=text("state <> 'sent'"),
    postgresql_where=text("state <> 'sent'"),
)

# Likewise for whoever asks for failed replies of late; `state` leads so that SQLite prefers it to `ix_replies_due`.
FAILED = text("state = 'failed'")
Index(
    "ix_replies_failed",
    *(replies.c[name] for name in ("state", "updated_at", "error_code")),
    sqlite_where=FAILED,
    postgresql_where=FAILED,
)
WORDS_REFUSED = text("refusal = 'content'")
Index(
    "ix_replies_words_refused",
    replies.c.site_id,
    replies.c.recipient,
    sqlite_where=WORDS_REFUSED,
    postgresql_where=WORDS_REFUSED,
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Words, primary_key=True, comment="which kind of process: sweeper"),
    Column("host", Words, primary_key=True),
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    comment="Signs of life of the processes that nobody else would miss.",
)

probes = Table(
    "probes",
    metadata,
    Column("id", Words, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="Rows of a moment, by which it is seen whether a text would be kept.",
)

clock_anchors = Table(
    "clock_anchors",
    metadata,
    Column("boot", Words, primary_key=True, comment="which start of the machine"),
    Column("up_ms", BigInteger, nullable=False, comment="milliseconds since that start"),
    Column("at", UtcTime, nullable=False, comment="what the clock said then"),
    comment="On SQLite: what the clock said, and how long the machine had been running.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("code", Words, primary_key=True),
    Column("scope", Words, primary_key=True, comment="what it is about: site:3, a gateway; empty: all of it"),
    Column("since", UtcTime, nullable=False),
    Column("sentence", Words, nullable=False, comment="what is wrong and how to mend it"),
    Column("detail", JSON, nullable=False, comment="ids and counts"),
    Column("last_sent_at", UtcTime, comment="when ALERT_URL last took it"),
    Column("texted_at", UtcTime, comment="when people were told of it by text"),
    Column("cleared_at", UtcTime, comment="it is over, and ALERT_URL has not heard of that yet"),
    comment="What an operator has to know of now; the sweeper raises and clears it.",
)

canary_ways = Table(
    "canary_ways",
    metadata,
    Column("gateway", Words, primary_key=True),
    Column("recipient", Words, nullable=False, comment="a number of one of our sites; empty: each site's own"),
    Column("every_minutes", Integer, nullable=False),
    comment="Gateways that are tried out by a text to ourselves.",
)

canaries = Table(
    "canaries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False, comment="whose number sends it"),
    Column("recipient", Words, nullable=False, comment="our own number that it has to reach"),
    Column(
        "word", Words, nullable=False, unique=True, comment="at random and good once: by it the text is known again"
    ),
    Column("asked_at", UtcTime, nullable=False),
    Column("taken_at", UtcTime, comment="when the gateway fetched it first"),
    Column("failed", Words, comment="why the gateway could not send it, in its words"),
    Column("back_at", UtcTime),
    Column("back_gateway", Words, comment="whose message id `back_id` is: a repeat of it is known by both"),
    Column("back_id", Words),
    Index("ix_canaries_site_id", "site_id", "id"),
    comment="Texts of ours to ourselves, which are in no line; kept for a month.",
)

users = Table(
    "users",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", Words, nullable=False),
    Column("key", Words, nullable=False, comment="the name folded: what is typed at the login is compared with it"),
    Column("roles", JSON, nullable=False, comment="of ops manager consultant service"),
    Column("site_ids", JSON(none_as_null=True), comment="the sites that he sees; empty: all of them"),
    Column("phone", Words, comment="his registered phone: what he signs on a page counts like a text from it (D18)"),
    Column("password", Words, comment="argon2 hash; empty until he has chosen one"),
    Column("link", String(64), comment="SHA-256 of the one-time link by which he chooses a password"),
    Column("link_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column(
        "totp", Words, comment="seed of the codes that an app shows, good with our key alone; empty: none asked for"
    ),
    Column("totp_step", BigInteger, comment="the half minute of the code used last, since 1970: each is good once"),
    Column(
        "alerts_by_text",
        Boolean,
        nullable=False,
        default=False,
        server_default=false(),
        comment="he gets alerts by text to his registered phone",
    ),
    Column("removed_at", UtcTime, comment="he may not log in any more; the row stays for what he did"),
    comment="Who may log in to the staff pages.",
)
# A name or phone is free again when its user was removed.
STILL_THERE = text("removed_at IS NULL")
for column in (users.c.key, users.c.phone):
    Index(f"uq_users_{column.name}", column, unique=True, sqlite_where=STILL_THERE, postgresql_where=STILL_THERE)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True, comment="SHA-256 of what the cookie holds"),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, comment="to some minutes"),
    Column(
        "agent",
        Words,
        nullable=False,
        server_default="",
        comment="the browser, as it named itself: by it the owner knows the login again",
    ),
    Index("ix_sessions_user_id", "user_id"),
    comment="Logins that stand; taking a row away ends one.",
)

throttles = Table(
    "throttles",
    metadata,
    Column(
        "subject",
        String(64),
        primary_key=True,
        comment="salted hash of a name or of an address",
    ),
    Column("tries", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    comment="How often a login was tried lately; the same for every process.",
)

acts = Table(
    "acts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("user_id", ForeignKey("users.id"), comment="empty: somebody at the server's own command line"),
    Column("what", Words, nullable=False),
    Column(
        "about", Words, nullable=False, default="", comment="ids only, as reply 17 or site 1; never a person's data"
    ),
    Column("site_id", BigInteger, comment="empty: it concerns no one site"),
    Index("ix_acts_user_id", "user_id", "id"),
    Index("ix_acts_site_id", "site_id", "id"),
    comment="Who did what on the pages.",
)

# Readings that wait for somebody to look at them (L24); written as `worker.readers.flags` asks for it.
Index(
    "ix_claims_unsure",
    *(claims.c[name] for name in ("site_id", "seq", "part")),
    sqlite_where=text("instr(flags, '\"unsure\"') > 0"),
    postgresql_where=text("strpos(CAST(flags AS TEXT), '\"unsure\"') > 0"),
)

# Claims of which anything is noted, likewise.
Index(
    "ix_claims_flagged",
    *(claims.c[name] for name in ("site_id", "seq", "part")),
    sqlite_where=text("flags <> '[]'"),
    postgresql_where=text("CAST(flags AS TEXT) <> '[]'"),
)
# Claims that wait for a person's judgement.
PENDING = text("claims.state IN ('suspected', 'contested')")
Index(
    "ix_claims_pending",
    *(claims.c[name] for name in ("site_id", "state", "ends_at")),
    sqlite_where=text("state IN ('suspected', 'contested')"),
    postgresql_where=text("state IN ('suspected', 'contested')"),
)

# What few claims reach, by place, so that the register finds it without looking at the others.
for column in (claims.c.visited_at, claims.c.renewed_at, claims.c.deal_at):
    Index(
        f"ix_claims_{column.name}",
        *(claims.c[name] for name in ("site_id", "seq", "part")),
        sqlite_where=column.is_not(None),
        postgresql_where=column.is_not(None),
    )
# Few claims have a plan; by its day the desk and the digest find whom they expect.
Index(
    "ix_claims_planned_day",
    *(claims.c[name] for name in ("site_id", "planned_day")),
    sqlite_where=claims.c.planned_day.is_not(None),
    postgresql_where=claims.c.planned_day.is_not(None),
)
