"""Signatures on pages: which came by text, and each signer's own may be taken back until 24:00 of the day (L7)."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.infrastructure.deciding import (
    CONSULTANT,
    LI,
    deciding,
    outcome,
    reported_site,
    send_form,
    text,
)
from tests.infrastructure.visiting import plain, post, visitor
from tests.sending import StandingClock
from worker.decide.set_up import SiteRow
from worker.runtime import Runtime
from worker.store.schema import visits

BACK = "/desk/1/signatures/back"


@pytest.fixture
def site(runtime: Runtime, clock: StandingClock) -> Iterator[SiteRow]:
    """A client whom his agent and the consultant's number have signed for by text, 13:00."""
    site = reported_site(runtime, clock)
    text(runtime, site, LI, "到访 张三 138****5678")
    text(runtime, site, CONSULTANT, "签 V1")
    with deciding(runtime):
        yield site


@pytest.fixture
def consultant(site: SiteRow, app: Flask) -> FlaskClient:
    return visitor(app, "consultant")


def state(runtime: Runtime) -> str:
    with runtime.engine.connect() as connection:
        return str(connection.execute(select(visits.c.state)).scalar_one())


def test_every_page_tells_signatures_by_text_from_entries(manager: FlaskClient) -> None:
    send_form(manager, "/desk/1/signatures", "s", forms="V1")
    assert "业务员 (短信签) 13:00, 置业顾问 (短信签) 13:00, 经理 13:00" in plain(manager.get("/desk/1/log").text)
    letter = plain(manager.get("/desk/1/forms/1").text)
    assert (letter.count("短信签"), letter.count("138****0002 (短信签)")) == (4, 2), "in each of the two copies"
    assert plain(manager.get("/desk").text).count("短信签") == 2
    assert plain(manager.get("/register/1/3/0").text).count("短信签") == 2


def test_a_case_tells_who_has_signed_by_text(runtime: Runtime, site: SiteRow, manager: FlaskClient) -> None:
    text(runtime, site, LI, "报备 李梅 139****5678")
    text(runtime, site, LI, "到访 李梅 139****5679")
    assert "已签：业务员 (短信签)" in plain(manager.get("/cases").text)


def test_only_the_signer_is_offered_to_take_his_signature_back(
    app: Flask, manager: FlaskClient, consultant: FlaskClient
) -> None:
    offered = [BACK in visitor(app, who).get("/desk").text for who in ("manager", "consultant", "service")]
    assert offered == [False, True, False]
    send_form(manager, "/desk/1/signatures", "s", forms="V1")
    assert BACK in manager.get("/desk").text


def test_who_takes_his_signature_back_leaves_the_form_unconfirmed(
    runtime: Runtime, manager: FlaskClient, consultant: FlaskClient
) -> None:
    send_form(manager, "/desk/1/signatures", "s", forms="V1")
    assert state(runtime) == "confirmed"
    asked = plain(post(consultant, BACK, entry="b", form="V1").text)
    assert "撤回 V1 上我的签字" in asked
    assert "24:00 前可以重新签字。" in asked
    assert outcome(send_form(consultant, BACK, "b", form="V1")).startswith("已撤回")
    assert state(runtime) == "open"
    assert "置业顾问 待签" in plain(consultant.get("/desk").text)
    assert BACK not in consultant.get("/desk").text
    send_form(consultant, "/desk/1/signatures", "again", forms="V1")
    assert state(runtime) == "confirmed"


def test_after_24_00_and_after_a_deal_nothing_is_offered(
    app: Flask, manager: FlaskClient, consultant: FlaskClient, clock: StandingClock
) -> None:
    send_form(manager, "/desk/1/signatures", "s", forms="V1")
    send_form(manager, "/register/1/3/0/payments", "d", ref="R1", what="deposit")
    assert BACK not in consultant.get("/desk").text
    clock.move(hours=11)
    assert BACK not in visitor(app, "manager").get("/desk?day=2026-11-02").text
