"""What became of an entry, for whoever made it: the outcome's name, and what follows from it or how to mend it."""

from dataclasses import dataclass

from webhook.codes import code_words
from webhook.language import _l
from worker.rules.codes import Code


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """An outcome in words; `tone` picks its colour, `more` says what follows."""

    title: str
    tone: str
    more: str


FOLLOWS: dict[str, str] = {
    Code.VISIT_OPENED: _l("The form counts today only: all parties sign until 24:00."),
    Code.MISMATCH: _l("Name, number or unit differ from the report; written proof settles it under Cases."),
    Code.SIGNED: _l("Others have to sign yet, or proof is missing."),
    Code.VISIT_CONFIRMED: _l("All have signed: the client is protected from his arrival on."),
    Code.WALKIN: _l("No live report stood at his arrival: he is the site's own client."),
    Code.WALKIN_ASKED: _l("He named nobody whom we know: client service checks with the reporting agent."),
    Code.OWN_ARRIVAL: _l("He is the reporting unit's client; consultant and manager still sign."),
    Code.GROUP_REPORTED: _l("Each client of the group stands in the register now."),
    Code.EXPIRED: _l("Its time is over; a new report or a new form begins anew."),
    Code.FORWARDED: _l("The project that it names is another site's, which decides it and answers by text."),
    Code.AMENDED: _l("The report was put right; number and end stay."),
    Code.CHECK_READING: _l("It could be read otherwise: check name and agent on the client's page."),
    Code.DUPLICATE_OTHER: _l("Another unit reported him before."),
    Code.SUSPECTED: _l("Another client has the same number under another name: it waits under Cases."),
    Code.DISPUTE_DECIDED: _l("Both sides have been told."),
    Code.DEAL_RECORDED: _l("Objections are possible until the end of their window."),
    Code.SIGN_LIST: _l("Choose the forms one by one, or sign all."),
    Code.REFUSED_ROLE: _l("Your phone has no right to this here, or was not on the roster at the arrival."),
    Code.REFUSED_NOT_FOUND: _l("Nothing that is yours to speak of fits. Check name, number and digits."),
    Code.REFUSED_AMBIGUOUS: _l("Several fit: write the number of the one you mean."),
    Code.REFUSED_LATE: _l("The time for it is over, or the day is not today."),
    Code.REFUSED_INVALID: _l("Something is missing or not possible. Check names, dates and units, and enter it again."),
    Code.REFUSED_MISSING_NAME: _l("Write the client's name."),
    Code.REFUSED_MISSING_PHONE: _l("Write the first three and last four digits of the client's phone."),
    Code.REFUSED_BAD_PHONE: _l("Write the first three and last four digits of the client's phone."),
    Code.REFUSED_MISSING_AGENT: _l("Write the agent or the unit."),
    Code.REFUSED_OTHER_UNIT: _l("The unit or agent is not of the same unit."),
    Code.REFUSED_NOT_A_REPORT: _l("It could not be read. Check what was typed, and enter it again."),
    Code.REFUSED_UNREADABLE: _l("It could not be read. Check what was typed, and enter it again."),
    Code.NOT_A_REPORT: _l("It could not be read. Check what was typed, and enter it again."),
    Code.REFUSED_UNKNOWN_SENDER: _l("Your phone is not staff of this site: baobei staff add makes it so."),
    Code.UNDECIDABLE: _l("Nothing was done: a fault of the program. Tell whoever runs it; it can be decided again."),
    Code.REFUSED_NOT_YET: _l("This command is not decided yet."),
}


def outcome_words(code: str) -> OutcomeWords:
    """Return the words for the code of a decision."""
    named = code_words(code)
    return OutcomeWords(named.words, named.tone, str(FOLLOWS.get(code, "")))
