"""What became of an entry, for whoever made it: the outcome's name, and what follows from it or how to mend it."""

from dataclasses import dataclass

from webhook.codes import code_words
from webhook.language import _l


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """An outcome in words; `tone` picks its colour, `more` says what follows."""

    title: str
    tone: str
    more: str


FOLLOWS = {
    "visit_opened": _l("The form counts today only: all parties sign until 24:00."),
    "mismatch": _l("Name, number or unit differ from the report; written proof settles it under Cases."),
    "signed": _l("Others have to sign yet, or proof is missing."),
    "visit_confirmed": _l("All have signed: the client is protected from his arrival on."),
    "walkin": _l("No live report stood at his arrival: he is the site's own client."),
    "walkin_asked": _l("He named nobody whom we know: client service checks with the reporting agent."),
    "own_arrival": _l("He is the reporting unit's client; consultant and manager still sign."),
    "group_reported": _l("Each client of the group stands in the register now."),
    "expired": _l("Its time is over; a new report or a new form begins anew."),
    "forwarded": _l("The project that it names is another site's, which decides it and answers by text."),
    "amended": _l("The report was put right; number and end stay."),
    "check_reading": _l("It could be read otherwise: check name and agent on the client's page."),
    "duplicate_other": _l("Another unit reported him before."),
    "suspected": _l("Another client has the same number under another name: it waits under Cases."),
    "dispute_decided": _l("Both sides have been told."),
    "deal_recorded": _l("Objections are possible until the end of their window."),
    "sign_list": _l("Choose the forms one by one, or sign all."),
    "refused_role": _l("Your phone has no right to this here, or was not on the roster at the arrival."),
    "refused_not_found": _l("Nothing that is yours to speak of fits. Check name, number and digits."),
    "refused_ambiguous": _l("Several fit: write the number of the one you mean."),
    "refused_late": _l("The time for it is over, or the day is not today."),
    "refused_invalid": _l("Something is missing or not possible. Check names, dates and units, and enter it again."),
    "refused_missing_name": _l("Write the client's name."),
    "refused_missing_phone": _l("Write the first three and last four digits of the client's phone."),
    "refused_bad_phone": _l("Write the first three and last four digits of the client's phone."),
    "refused_missing_agent": _l("Write the agent or the unit."),
    "refused_other_unit": _l("The unit or agent is not of the same unit."),
    "refused_not_a_report": _l("It could not be read. Check what was typed, and enter it again."),
    "refused_unreadable": _l("It could not be read. Check what was typed, and enter it again."),
    "not_a_report": _l("It could not be read. Check what was typed, and enter it again."),
    "refused_unknown_sender": _l("Your phone is not staff of this site: baobei staff add makes it so."),
    "undecidable": _l("Nothing was done: a fault of the program. Tell whoever runs it; it can be decided again."),
    "refused_not_yet": _l("This command is not decided yet."),
}


def outcome_words(code: str) -> OutcomeWords:
    """Return the words for the code of a decision."""
    named = code_words(code)
    return OutcomeWords(named.words, named.tone, str(FOLLOWS.get(code, "")))
