"""What became of a text, in words for pages; `tone` picks the colour (good, warn, bad, info, quiet)."""

from typing import NamedTuple

from webhook.language import _l
from worker.rules.codes import Code


class CodeWords(NamedTuple):
    """A code for people."""

    words: str
    tone: str

    def settled(self) -> "CodeWords":
        """Return it in the language of this request."""
        return self._replace(words=str(self.words))


WAITING = CodeWords(_l("Waiting to be decided"), "quiet")

CODES: dict[str, CodeWords] = {
    "alert": CodeWords(_l("Alert by text"), "warn"),
    "test_text": CodeWords(_l("Test text"), "info"),
    Code.ACCEPTED: CodeWords(_l("Accepted"), "good"),
    Code.CHECK_READING: CodeWords(_l("Accepted · reading to be checked"), "warn"),
    Code.AMENDED: CodeWords(_l("Amended"), "info"),
    Code.ALIAS_SET: CodeWords(_l("Alias noted"), "info"),
    Code.FORWARDED: CodeWords(_l("Passed on to another site"), "info"),
    Code.RENEWED: CodeWords(_l("Renewed"), "good"),
    Code.UNLISTED: CodeWords(_l("Accepted · not on the roster"), "warn"),
    Code.SUSPECTED: CodeWords(_l("Suspected same number"), "warn"),
    Code.CONTESTED: CodeWords(_l("Order contested"), "warn"),
    Code.DUPLICATE_OWN: CodeWords(_l("Own repeat"), "info"),
    Code.DUPLICATE_UNIT: CodeWords(_l("Colleague's already"), "info"),
    Code.DUPLICATE_OTHER: CodeWords(_l("Reported before"), "bad"),
    Code.EXPIRED: CodeWords(_l("Expired"), "quiet"),
    Code.CONFIRM_CODE: CodeWords(_l("To be confirmed"), "warn"),
    Code.FOLLOWED_UP: CodeWords(_l("Followed up"), "good"),
    Code.VISIT_OPENED: CodeWords(_l("Visit form opened"), "info"),
    Code.SIGNED: CodeWords(_l("Signed"), "good"),
    Code.VISIT_CONFIRMED: CodeWords(_l("Visit confirmed"), "good"),
    Code.VISIT_VOID: CodeWords(_l("Visit void"), "bad"),
    Code.MISMATCH: CodeWords(_l("Data do not match"), "warn"),
    Code.WALKIN_ASKED: CodeWords(_l("Client service asked"), "warn"),
    Code.OWN_ARRIVAL: CodeWords(_l("Own arrival"), "good"),
    Code.WALKIN: CodeWords(_l("Walk-in"), "info"),
    Code.WITHDRAWN: CodeWords(_l("Withdrawn"), "quiet"),
    Code.STATUS: CodeWords(_l("Query"), "info"),
    Code.MINE: CodeWords(_l("Own clients"), "info"),
    Code.FIGURES: CodeWords(_l("Figures"), "info"),
    Code.HANDED_OVER: CodeWords(_l("Handed over"), "info"),
    Code.EXTENDED: CodeWords(_l("More days given"), "info"),
    Code.DEAL_RECORDED: CodeWords(_l("Deal recorded"), "good"),
    Code.DISPUTE_OPENED: CodeWords(_l("Dispute opened"), "warn"),
    Code.EVIDENCE_RECORDED: CodeWords(_l("Papers received"), "info"),
    Code.OPINION_RECORDED: CodeWords(_l("Opinion received"), "info"),
    Code.DISPUTE_DECIDED: CodeWords(_l("Dispute decided"), "good"),
    Code.FAMILY_LINKED: CodeWords(_l("Family linked"), "info"),
    Code.SETTLED: CodeWords(_l("Settled"), "good"),
    Code.GROUP_REPORTED: CodeWords(_l("Group accepted"), "good"),
    Code.CORRECTED: CodeWords(_l("Corrected"), "info"),
    Code.SIGN_LIST: CodeWords(_l("To be signed"), "info"),
    Code.SIGN_REMINDER: CodeWords(_l("Asked to sign"), "info"),
    Code.HELP: CodeWords(_l("Help"), "info"),
    Code.REFUSED_NOT_A_REPORT: CodeWords(_l("Not a report"), "bad"),
    Code.REFUSED_FULL_PHONE_GIVEN: CodeWords(_l("Full number given"), "bad"),
    Code.REFUSED_BAD_PHONE: CodeWords(_l("Number wrong"), "bad"),
    Code.REFUSED_MISSING_PHONE: CodeWords(_l("Client's number missing"), "bad"),
    Code.REFUSED_MISSING_NAME: CodeWords(_l("Client's name missing"), "bad"),
    Code.REFUSED_MISSING_AGENT: CodeWords(_l("Agent missing"), "bad"),
    Code.REFUSED_UNREADABLE: CodeWords(_l("Unreadable"), "bad"),
    Code.REFUSED_UNKNOWN_SENDER: CodeWords(_l("Not on the roster"), "bad"),
    Code.REFUSED_OTHER_UNIT: CodeWords(_l("Another unit's"), "bad"),
    Code.REFUSED_ROLE: CodeWords(_l("Not his to do"), "bad"),
    Code.REFUSED_NOT_FOUND: CodeWords(_l("Nothing found"), "bad"),
    Code.REFUSED_AMBIGUOUS: CodeWords(_l("Last digits fit several"), "bad"),
    Code.REFUSED_LATE: CodeWords(_l("Too late"), "bad"),
    Code.REFUSED_INVALID: CodeWords(_l("Something wrong in it"), "bad"),
    Code.REFUSED_NOT_YET: CodeWords(_l("Not open yet"), "bad"),
    Code.NEW_REPORT: CodeWords(_l("New report"), "info"),
    Code.REMINDER: CodeWords(_l("Reminder"), "info"),
    Code.DIGEST: CodeWords(_l("Digest"), "info"),
    Code.IMPORTED: CodeWords(_l("Old register imported"), "quiet"),
    Code.SITE_OPENED: CodeWords(_l("Site opened"), "quiet"),
    Code.SITE_SET: CodeWords(_l("Site changed"), "quiet"),
    Code.DIRECTORY_SET: CodeWords(_l("Names of sites updated"), "quiet"),
    Code.POLICY_SET: CodeWords(_l("Policy set"), "quiet"),
    Code.STAFF_SET: CodeWords(_l("Staff set"), "quiet"),
    Code.UNIT_SET: CodeWords(_l("Unit set"), "quiet"),
    Code.ROSTER_SET: CodeWords(_l("Roster updated"), "quiet"),
    Code.DECLINED: CodeWords(_l("Dropped by its sender"), "quiet"),
    Code.ACTS_CLOSED: CodeWords(_l("Too many wrong codes"), "bad"),
    Code.PHONE_MOVED: CodeWords(_l("Registered phone changed"), "quiet"),
    Code.ACTS_OPENED: CodeWords(_l("Acts by text taken again"), "quiet"),
    Code.OPTED_OUT: CodeWords(_l("Notices stopped"), "quiet"),
    Code.OPTED_IN: CodeWords(_l("Notices resumed"), "quiet"),
    Code.ECHO: CodeWords(_l("Echo, not answered"), "quiet"),
    Code.REPEATED: CodeWords(_l("Same text brought twice"), "quiet"),
    Code.NOT_A_REPORT: CodeWords(_l("Not a report, not answered"), "quiet"),
    Code.UNREADABLE: CodeWords(_l("Unreadable, not answered"), "quiet"),
    Code.UNDECIDABLE: CodeWords(_l("Could not be decided"), "bad"),
    Code.IGNORED: CodeWords(_l("Not answered"), "quiet"),
    Code.COURTESY: CodeWords(_l("Courtesy, not answered"), "quiet"),
    Code.ADVERT: CodeWords(_l("Advert, not answered"), "quiet"),
    Code.CODE: CodeWords(_l("Verification code, not answered"), "quiet"),
    Code.AUTOMATIC: CodeWords(_l("Automatic answer, not answered"), "quiet"),
}

KINDS = {
    "site": CodeWords(_l("Site opened"), "quiet"),
    "directory": CodeWords(_l("Names of sites updated"), "quiet"),
    "policy": CodeWords(_l("Policy set"), "quiet"),
    "staff": CodeWords(_l("Staff set"), "quiet"),
    "appointed": CodeWords(_l("Staff set"), "quiet"),
    "names": CodeWords(_l("Staff named"), "quiet"),
    "moved": CodeWords(_l("A registered phone changed"), "quiet"),
    "unit": CodeWords(_l("Unit set"), "quiet"),
    "roster": CodeWords(_l("Roster updated"), "quiet"),
    "unlist": CodeWords(_l("Off the roster"), "quiet"),
    "reopen": CodeWords(_l("Acts by text taken again"), "quiet"),
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
