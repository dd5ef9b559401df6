"""A message as Twilio shows it, for all that play Twilio (https://www.twilio.com/docs/messaging/api/message-resource)."""

from collections.abc import Mapping
from typing import Any

ACCOUNT = "AC" + "0" * 31 + "1"


def message_of(form: Mapping[str, str], number: int, date: str) -> dict[str, Any]:
    """Return the message that the `number`th request to send made at a date (RFC 2822)."""
    return {
        "sid": f"SM{number:032x}",
        "account_sid": ACCOUNT,
        "from": form.get("From"),
        "to": form["To"],
        "body": form["Body"],
        "status": "queued",
        "direction": "outbound-api",
        "error_code": None,
        "num_media": "0",
        "num_segments": "1",
        "date_created": date,
        "date_updated": date,
        "date_sent": None,
    }
