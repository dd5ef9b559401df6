"""Log lines: ids and places, whatever is thrown at them."""

import io
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
from rq.worker.base import logger as of_rq_worker
from sqlalchemy.exc import IntegrityError

from tests.infrastructure.logs import logged
from worker.log import complain, say, set_up_logging

log = logging.getLogger("worker.test")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with logged("INFO") as stream:
        yield stream


def test_one_line_of_keys_and_values(lines: io.StringIO) -> None:
    say(log, "handed over", site=7, reply=12, code=None, words='a "b" c', ok=True)
    (line,) = lines.getvalue().splitlines()
    assert line.endswith(' level=info log=worker.test step="handed over" site=7 reply=12 words="a \\"b\\" c" ok=true')


def test_no_text_breaks_the_line(lines: io.StringIO) -> None:
    say(log, "a\nb", words="c\r\nd=e")
    assert len(lines.getvalue().splitlines()) == 1


@pytest.mark.parametrize("number", ["+8613812345678", "138 1234 5678", "138-1234-5678", "0086 13812345678"])
def test_whatever_could_be_a_phone_number_is_struck_out(lines: io.StringIO, number: str) -> None:
    say(log, "step", words=f"from {number}.")
    log.warning("about %s", number)
    assert "1234" not in lines.getvalue()
    assert lines.getvalue().count("…") == 2


def fail() -> None:
    raise IntegrityError("INSERT", {}, ValueError("Key (sender)=(张三) exists"))


def test_an_error_is_its_kind_and_places_without_its_words(lines: io.StringIO) -> None:
    try:
        fail()
    except IntegrityError as error:
        complain(log, "step failed", error, site=7)
        log.exception("unhandled")
    first, second = lines.getvalue().splitlines()
    assert "error=IntegrityError/ValueError" in first
    assert "places=test_log.py:" in first
    assert "test_log.py:" in second
    assert "张三" not in first + second
    for line in (first, second):
        assert datetime.fromisoformat(line.split()[0].removeprefix("at=")).tzinfo is not None


def test_no_field_takes_the_place_of_the_lines_own(lines: io.StringIO) -> None:
    say(log, "step", at="noon", level=logging.INFO)
    assert " at=" not in lines.getvalue()
    assert lines.getvalue().startswith("at=2")


@pytest.mark.parametrize(
    "name", [of_rq_worker.name, "twilio.http_client", "urllib3.connectionpool", "sqlalchemy.engine"]
)
def test_other_libraries_are_heard_from_warnings_on(lines: io.StringIO, name: str) -> None:
    set_up_logging("DEBUG", lines)
    logging.getLogger(name).info("POST 报备")
    logging.getLogger(name).debug("POST 报备")
    assert lines.getvalue() == ""
