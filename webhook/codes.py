"""What became of a text, in words for pages; `tone` picks the colour (good, warn, bad, info, quiet)."""

from typing import NamedTuple

from webhook.language import _l


class CodeWords(NamedTuple):
    """A code for people."""

    words: str
    tone: str

    def settled(self) -> "CodeWords":
        """Return it in the language of this request."""
        return self._replace(words=str(self.words))


WAITING = CodeWords(_l("Waiting to be decided"), "quiet")

CODES = {
    "accepted": CodeWords(_l("Accepted"), "good"),
    "check_reading": CodeWords(_l("Accepted · reading to be checked"), "warn"),
    "amended": CodeWords(_l("Amended"), "info"),
    "alias_set": CodeWords(_l("Alias noted"), "info"),
    "forwarded": CodeWords(_l("Passed on to another site"), "info"),
    "renewed": CodeWords(_l("Renewed"), "good"),
    "unlisted": CodeWords(_l("Accepted · not on the roster"), "warn"),
    "suspected": CodeWords(_l("Suspected same number"), "warn"),
    "contested": CodeWords(_l("Order contested"), "warn"),
    "duplicate_own": CodeWords(_l("Own repeat"), "info"),
    "duplicate_unit": CodeWords(_l("Colleague's already"), "info"),
    "duplicate_other": CodeWords(_l("Reported before"), "bad"),
    "expired": CodeWords(_l("Expired"), "quiet"),
    "confirm_code": CodeWords(_l("To be confirmed"), "warn"),
    "followed_up": CodeWords(_l("Followed up"), "good"),
    "visit_opened": CodeWords(_l("Visit form opened"), "info"),
    "signed": CodeWords(_l("Signed"), "good"),
    "visit_confirmed": CodeWords(_l("Visit confirmed"), "good"),
    "visit_void": CodeWords(_l("Visit void"), "bad"),
    "mismatch": CodeWords(_l("Data do not match"), "warn"),
    "walkin_asked": CodeWords(_l("Client service asked"), "warn"),
    "own_arrival": CodeWords(_l("Own arrival"), "good"),
    "walkin": CodeWords(_l("Walk-in"), "info"),
    "withdrawn": CodeWords(_l("Withdrawn"), "quiet"),
    "status": CodeWords(_l("Query"), "info"),
    "deal_recorded": CodeWords(_l("Deal recorded"), "good"),
    "dispute_opened": CodeWords(_l("Dispute opened"), "warn"),
    "evidence_recorded": CodeWords(_l("Papers received"), "info"),
    "opinion_recorded": CodeWords(_l("Opinion received"), "info"),
    "dispute_decided": CodeWords(_l("Dispute decided"), "good"),
    "family_linked": CodeWords(_l("Family linked"), "info"),
    "settled": CodeWords(_l("Settled"), "good"),
    "group_reported": CodeWords(_l("Group accepted"), "good"),
    "corrected": CodeWords(_l("Corrected"), "info"),
    "sign_list": CodeWords(_l("To be signed"), "info"),
    "sign_reminder": CodeWords(_l("Asked to sign"), "info"),
    "help": CodeWords(_l("Help"), "info"),
    "refused_not_a_report": CodeWords(_l("Not a report"), "bad"),
    "refused_full_phone_given": CodeWords(_l("Full number given"), "bad"),
    "refused_bad_phone": CodeWords(_l("Number wrong"), "bad"),
    "refused_missing_phone": CodeWords(_l("Client's number missing"), "bad"),
    "refused_missing_name": CodeWords(_l("Client's name missing"), "bad"),
    "refused_missing_agent": CodeWords(_l("Agent missing"), "bad"),
    "refused_unreadable": CodeWords(_l("Unreadable"), "bad"),
    "refused_unknown_sender": CodeWords(_l("Not on the roster"), "bad"),
    "refused_other_unit": CodeWords(_l("Another unit's"), "bad"),
    "refused_role": CodeWords(_l("Not his to do"), "bad"),
    "refused_not_found": CodeWords(_l("Nothing found"), "bad"),
    "refused_ambiguous": CodeWords(_l("Last digits fit several"), "bad"),
    "refused_late": CodeWords(_l("Too late"), "bad"),
    "refused_invalid": CodeWords(_l("Something wrong in it"), "bad"),
    "refused_not_yet": CodeWords(_l("Not open yet"), "bad"),
    "new_report": CodeWords(_l("New report"), "info"),
    "reminder": CodeWords(_l("Reminder"), "info"),
    "digest": CodeWords(_l("Digest"), "info"),
    "imported": CodeWords(_l("Old register imported"), "quiet"),
    "site_opened": CodeWords(_l("Site opened"), "quiet"),
    "directory_set": CodeWords(_l("Names of sites updated"), "quiet"),
    "policy_set": CodeWords(_l("Policy set"), "quiet"),
    "staff_set": CodeWords(_l("Staff set"), "quiet"),
    "unit_set": CodeWords(_l("Unit set"), "quiet"),
    "roster_set": CodeWords(_l("Roster updated"), "quiet"),
    "opted_out": CodeWords(_l("Notices stopped"), "quiet"),
    "opted_in": CodeWords(_l("Notices resumed"), "quiet"),
    "echo": CodeWords(_l("Echo, not answered"), "quiet"),
    "not_a_report": CodeWords(_l("Not a report, not answered"), "quiet"),
    "unreadable": CodeWords(_l("Unreadable, not answered"), "quiet"),
    "undecidable": CodeWords(_l("Could not be decided"), "bad"),
    "ignored": CodeWords(_l("Not answered"), "quiet"),
    "courtesy": CodeWords(_l("Courtesy, not answered"), "quiet"),
    "advert": CodeWords(_l("Advert, not answered"), "quiet"),
    "code": CodeWords(_l("Verification code, not answered"), "quiet"),
    "automatic": CodeWords(_l("Automatic answer, not answered"), "quiet"),
}

KINDS = {
    "site": CodeWords(_l("Site opened"), "quiet"),
    "directory": CodeWords(_l("Names of sites updated"), "quiet"),
    "policy": CodeWords(_l("Policy set"), "quiet"),
    "staff": CodeWords(_l("Staff set"), "quiet"),
    "unit": CodeWords(_l("Unit set"), "quiet"),
    "roster": CodeWords(_l("Roster updated"), "quiet"),
    "unlist": CodeWords(_l("Off the roster"), "quiet"),
    "import": CodeWords(_l("Old register imported"), "quiet"),
}


def words_of(kind: str, code: str | None) -> CodeWords:
    """Return the words for an outcome: of a set-up message its kind's, of a text its code's, None while undecided."""
    if kind in KINDS:
        return KINDS[kind].settled()
    return code_words(code) if code is not None else WAITING.settled()


def code_words(code: str) -> CodeWords:
    """Return the words for the code of a decision or reply; one that is not known yet speaks for itself."""
    known = CODES.get(code)
    if known is not None:
        return known.settled()
    return CodeWords(code.replace("_", " "), "bad" if code.startswith("refused_") else "quiet")
