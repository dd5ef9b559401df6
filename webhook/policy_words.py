"""What each key of a policy means, in words that a manager understands; in the order in which he sees them."""

from collections.abc import Mapping
from typing import NamedTuple

from webhook.language import _l


class KeyWords(NamedTuple):
    """A key's name, what it does, the unit that its number is in, and what each choice means."""

    name: str
    why: str
    unit: str = ""
    choices: Mapping[str, str] = {}


YES_NO = {"on": _l("yes"), "off": _l("no")}
DAYS, HOURS, MINUTES = _l("days"), _l("hours"), _l("minutes")

REPORTS = {
    "report_days": KeyWords(
        _l("A report holds for"),
        _l("So long a client belongs to who reported him first, to the second; unvisited he is public after that."),
        DAYS,
    ),
    "renewal": KeyWords(
        _l("Renewing by reporting again"),
        _l("Whether the holder gets fresh days by reporting his client once more before the end."),
        choices={
            "gated": _l("only if he was followed up all the time"),
            "free": _l("always"),
            "off": _l("never"),
        },
    ),
    "renewal_gap_hours": KeyWords(
        _l("Longest pause in following up"),
        _l("Who wants to renew may not have left his client alone for longer than this."),
        HOURS,
    ),
    "min_lead": KeyWords(
        _l("Report before the arrival by"),
        _l("A report that is younger than this when the client arrives does not count; 0: any earlier one does."),
        MINUTES,
    ),
    "short_lead_minutes": KeyWords(
        _l("Flag reports just before the arrival"),
        _l("A report that is younger than this when the client arrives counts, and is flagged for you to look at."),
        MINUTES,
    ),
    "amend_minutes": KeyWords(
        _l("Putting one's own report right"),
        _l("So long a sender corrects a name by reporting the same digits again; 0: never."),
        MINUTES,
    ),
    "extend_days": KeyWords(
        _l("More days from the manager"),
        _l("So many at the most a manager may give a client's holder by text (延), before the end, once; 0: none."),
        DAYS,
    ),
    "full_number": KeyWords(
        _l("A client's whole number in a report"),
        _l("Only the first three and last four digits are wanted. The middle is never kept, whatever you choose."),
        choices={"mask": _l("mask it, the report counts"), "refuse": _l("refuse the report")},
    ),
    "fill_agent": KeyWords(
        _l("Whoever names no agent means himself"),
        _l("A listed sender who names nobody is taken as the agent; otherwise he is asked to name one."),
        choices=YES_NO,
    ),
    "show_end": KeyWords(
        _l("Tell others until when a client is taken"),
        _l("Who reports a client that is taken learns the day on which he becomes free. It invites waiting for it."),
        choices=YES_NO,
    ),
    "contested_counts_from": KeyWords(
        _l("A late text that wins counts from"),
        _l("If a text that was held up on its way is given a client, its days begin when it was sent or when it came."),
        choices={"sent": _l("its sending"), "receipt": _l("its arrival here")},
    ),
    "first_number": KeyWords(
        _l("First registration number"),
        _l("Where the numbers R… begin, so that they go on from a list on paper; it counts before the first report."),
    ),
}
VISITS = {
    "visit_days": KeyWords(
        _l("A confirmed visit protects for"),
        _l("So long a client belongs to the unit that brought him, from the first visit on, while it keeps in touch."),
        DAYS,
    ),
    "contact_gap_hours": KeyWords(
        _l("Longest silence after a visit"),
        _l("Without a follow-up or visit for longer than this the protection ends early."),
        HOURS,
    ),
    "group_min": KeyWords(
        _l("Least size of a group"),
        _l("From so many clients on, a group that our own department brings may be entered as it arrives."),
        _l("clients"),
    ),
}
DISPUTES = {
    "objection_days": KeyWords(
        _l("Objections after the deposit"),
        _l("Until 24:00 of this day after the deposit was paid another unit may object."),
        DAYS,
    ),
    "evidence_days": KeyWords(
        _l("Papers after the downpayment"), _l("Until 24:00 of this day each side hands in its papers."), DAYS
    ),
    "opinion_days": KeyWords(
        _l("Opinion of client service"), _l("Until 24:00 of this day after both sides' papers are in."), DAYS
    ),
    "evidence_from": KeyWords(
        _l("Days for papers run from"),
        _l("What counts if the downpayment was made before the objection."),
        choices={"later": _l("the later of the two"), "downpayment": _l("the downpayment")},
    ),
    "rest_days": KeyWords(
        _l("An end on a weekend"),
        _l("Whether days for objections, papers and opinions run on to the next working day."),
        choices={"ignore": _l("stays"), "roll": _l("moves to Monday")},
    ),
}
NOTICES = {
    "notify": KeyWords(
        _l("Tell managers of new reports"),
        _l("One by one, or in a busy hour gathered: from the seventh on as one message at the full hour."),
        choices={"auto": _l("gathered in a busy hour"), "each": _l("each by itself"), "off": _l("not at all")},
    ),
    "daily_digest": KeyWords(
        _l("Digest of the day"),
        _l("When managers are told what came in and who was expected and did not come. Empty: never."),
    ),
    "reminder_hours": KeyWords(
        _l("Remind before a protection ends"),
        _l("So long before the end the agent is told; 0: never."),
        HOURS,
    ),
    "gap_reminder": KeyWords(
        _l("Remind before the silence is too long"),
        _l("So long before a visited client is lost for want of contact the agent is told. Empty: never."),
        HOURS,
    ),
    "sign_reminder": KeyWords(
        _l("Remind of missing signatures"),
        _l("When whoever has not signed a form of the day is told. Empty: never."),
    ),
    "quiet_hours": KeyWords(
        _l("Quiet hours"),
        _l("Notices that only the clock causes wait for their end; answers to texts go out at once. Empty: none."),
    ),
}
ACTS = {
    "confirm_acts": KeyWords(
        _l("Confirm acts by text with a code"),
        _l("What takes a client from somebody needs the six digits that are texted back: a sender can be forged."),
        choices=YES_NO,
    ),
    "confirm_minutes": KeyWords(_l("A code holds for"), _l("After that the act has to be sent again."), MINUTES),
}
STRANGERS = {
    "unlisted": KeyWords(
        _l("Senders who are not on the roster"),
        _l("If they name a unit that is known here."),
        choices={"warn": _l("registered, with a warning to you"), "refuse": _l("refused")},
    ),
    "countries": KeyWords(
        _l("Countries of such senders"),
        _l("From where phones off the roster are heard, as CN,HK. Empty: the country of the site's number."),
    ),
    "unlisted_reports_per_day": KeyWords(
        _l("Reports of such a phone a day"), _l("Of at most ten clients each; more are refused.")
    ),
    "unknown_per_hour": KeyWords(
        _l("Answers to strangers an hour"), _l("So many who name no known unit are told why; others hear nothing.")
    ),
    "foreign_queries_per_day": KeyWords(
        _l("Questions about others' clients a day"),
        _l("So often a phone may ask about clients that are not its own; then it is told to ring you."),
    ),
}
LIMITS = {
    "refusals_per_10min": KeyWords(
        _l("Refusals within ten minutes"), _l("After so many a sender hears nothing until he sends something right.")
    ),
    "messages_per_hour": KeyWords(
        _l("Messages to a phone an hour"), _l("Beyond that, what can wait comes as one message at the end of the hour.")
    ),
    "messages_per_day": KeyWords(
        _l("Messages to a phone a day"), _l("Beyond that, what can wait comes as one message at the end of the day.")
    ),
    "site_messages_per_hour": KeyWords(
        _l("Messages of the site an hour"), _l("Beyond that operations are alarmed; nothing is held back.")
    ),
}
KEEPING = {
    "retention": KeyWords(
        _l("Erase by itself each night"),
        _l("What is older than the days below loses names, digits and words, for good; how many there were stays."),
        choices=YES_NO,
    ),
    "keep_texts_days": KeyWords(_l("Keep the words of texts"), _l("Older texts lose their words; 0: never."), DAYS),
    "keep_unvisited_days": KeyWords(
        _l("Keep reports without a visit"),
        _l("Counted from their end; after that they lose name and digits; 0: never."),
        DAYS,
    ),
    "keep_visited_days": KeyWords(
        _l("Keep reports with a visit"),
        _l("Counted from their end; after that they lose name and digits; 0: never."),
        DAYS,
    ),
}
SITE = {
    "telephone": KeyWords(
        _l("Telephone"), _l("What people are told to ring: the site's own, no person's and not the number for texts.")
    ),
    "language": KeyWords(
        _l("Language of the texts"),
        _l("Answers and notices go out in it; whoever reads these pages chooses his own."),
        choices={"zh": "中文", "en": "English"},
    ),
}
GROUPS: tuple[tuple[str, str, Mapping[str, KeyWords]], ...] = (
    ("reports", _l("Reports"), REPORTS),
    ("visits", _l("Visits"), VISITS),
    ("disputes", _l("Deals and disputes"), DISPUTES),
    ("notices", _l("Notices and reminders"), NOTICES),
    ("acts", _l("Acts by text"), ACTS),
    ("strangers", _l("Phones off the roster"), STRANGERS),
    ("limits", _l("How much goes out"), LIMITS),
    ("keeping", _l("Keeping and erasing"), KEEPING),
    ("site", _l("Language and telephone"), SITE),
)
WORDS: Mapping[str, KeyWords] = {key: words for _, _, group in GROUPS for key, words in group.items()}
