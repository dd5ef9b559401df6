"""What the app says of a message that failed, and what that means for a reply."""

import re

import pytest

from worker.gateways import smsgate_codes, table
from worker.gateways.base import Refused, Retry, SenderStopped
from worker.gateways.smsgate_codes import OTHER, VERDICTS, WRITTEN, explained, failure_of


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        ("Send result: RESULT_ERROR_NO_SERVICE (Failed because service is currently unavailable)",
         "RESULT_ERROR_NO_SERVICE", Retry),
        ("Send result: RESULT_RIL_SIM_ABSENT (The radio failed to …)", "RESULT_RIL_SIM_ABSENT", SenderStopped),
        ("Send result: RESULT_RIL_MODEM_ERR (The vendor RIL …)", OTHER, Retry),
        ("Send result: Unknown error code: 137.", OTHER, Retry),
        ("Delivery result from SC +8613800210500: 70", "NUMBER_UNREACHABLE", Refused),
        ("Delivery result from SC null: 97", "NOT_DELIVERED", Retry),
        ("Delivery result: 1", "NOT_DELIVERED", Retry),
        ("sendSMS: Invalid phone number type", "NUMBER_NOT_MOBILE", Refused),
        ("sendSMS: Invalid phone number", "NUMBER_INVALID", Refused),
        ("sendSMS: The string supplied did not seem to be a phone number.", "NUMBER_INVALID", Refused),
        ("Can't send message: SIM 2 not found", "NO_SIM", SenderStopped),
        ("Can't send message: No SIMs found", "NO_SIM", SenderStopped),
        ("Can't send message: SIM selection requires READ_PHONE_STATE permission", "NO_PERMISSION", SenderStopped),
        ("TTL expired", "TTL_EXPIRED", Retry),
        ("Unknown", OTHER, Retry),
        (None, OTHER, Retry),
    ],
)  # fmt: skip
def test_reads_the_words_of_the_app(error: str | None, code: str, kind: type) -> None:
    failure = failure_of(error)
    assert (failure.code, type(failure)) == (code, kind)


def test_every_code_has_words_of_its_own_in_both_languages() -> None:
    assert all(code in VERDICTS for _, code in WRITTEN)
    for code in VERDICTS:
        english, chinese = explained(code, "en"), explained(code, "zh")
        assert english
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert [tell for tell in table.WORDS if tell(code, "zh")] == [smsgate_codes.explained]
