"""A site goes to another phone or gateway while replies are under way: none is lost, and none goes out twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.fake_phone import FakePhone
from tests.infrastructure.serving import AGENT
from tests.test_phone_server import Office, in_line, opened
from worker.errors import SetUpError
from worker.gateways.base import Doubt, GatewayAwayError, Handover, Outgoing, Sent, Unknown
from worker.gateways.phone_lines import KnownLines
from worker.gateways.phone_server import PhoneWord
from worker.gateways.smsgate import SmsGate
from worker.outbox.courier import Courier
from worker.outbox.doubts import Settler
from worker.outbox.leases import close_leases, retire
from worker.outbox.recall import give_up_recalled
from worker.phones.approvals import approve, end, phones_of
from worker.phones.entry import register
from worker.phones.gateways import add_gateway, let_carry
from worker.phones.news import waiting_for
from worker.store.schema import sites


@pytest.fixture
def office(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Office]:
    office = opened(tmp_path, database_url, redis_url)
    yield office
    office.runtime.close()


def gateway_of(office: Office) -> str:
    with office.engine.connect() as connection:
        return str(connection.execute(select(sites.c.gateway).where(sites.c.id == office.sites[0])).scalar_one())


SILENT = Unknown("timeout", "no answer")


@dataclass
class Handed:
    """A gateway that is handed its replies, and gives this `answer`; `listed` says how its list answers."""

    listed: Callable[[], Handover | None] = lambda: None
    name: str = "twilio"
    keeps_list: bool = True
    answer: Handover = SILENT
    sent: list[str] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Handover:
        self.sent.append(outgoing.words)
        return self.answer

    def lookup(self, doubt: Doubt) -> Handover | None:
        return self.listed()


def away() -> None:
    raise GatewayAwayError("timeout")


def pass_time(office: Office, minutes: int, phone: FakePhone | None = None) -> None:
    """Let time pass, and everybody do what he does."""
    for _ in range(minutes):
        office.clock.move(minutes=1)
        close_leases(office.engine, office.clock())
        give_up_recalled(office.engine, office.clock())
        retire(office.engine, office.clock())
        Settler(office.engine, office.runtime.gateways, office.clock).settle()
        Courier(office.engine, office.runtime.gateways, office.clock).drain()
        if phone is not None:
            phone.pull()
            phone.send()
            phone.report()


@pytest.mark.parametrize(
    ("listed", "state", "on_air"),
    [
        (lambda: Sent("SM1", "delivered"), "sent", []),
        (lambda: None, "sent", [(AGENT, "R1", 1)]),
        (away, "review", []),
        (None, "review", []),
    ],
)
def test_a_reply_in_doubt_is_looked_for_where_it_went(
    office: Office, listed: Callable[[], Handover | None] | None, state: str, on_air: list[tuple[str, str, int]]
) -> None:
    gateway = Handed()
    office.runtime.gateways["twilio"] = gateway
    let_carry(office.engine, "twilio", office.sites[0], None, office.clock())
    one = office.reply("R1")
    pass_time(office, 1)
    assert (gateway.sent, office.state(one)[0]) == (["R1"], "unknown")
    let_carry(office.engine, "desk", office.sites[0], None, office.clock())
    phone = office.approved(0)
    if listed is None:
        del office.runtime.gateways["twilio"]
    else:
        gateway.listed = listed
    pass_time(office, 8, phone)
    assert (office.state(one)[0], phone.on_air) == (state, on_air)


def test_a_site_that_leaves_a_silent_phone_leaves_no_reply_behind(office: Office) -> None:
    gateway = Handed(answer=Sent("SM1", "sent"))
    office.runtime.gateways["twilio"] = gateway
    dead = office.approved(0)
    fetched = office.reply("R1")
    dead.pull()
    office.clock.move(minutes=1)
    let_carry(office.engine, "twilio", office.sites[0], None, office.clock())
    later = office.reply("R2")
    pass_time(office, 1)
    assert (gateway.sent, office.state(later)[0], office.state(fetched)[0]) == (["R2"], "sent", "sending")
    pass_time(office, 5)
    assert (gateway.sent, office.state(fetched)[0]) == (["R2"], "review"), "it may have been sent: a person looks at it"
    dead.send()
    assert (dead.report(), office.state(fetched)) == ([204], ("sent", "delivered")), "it says so late"


def test_a_phone_that_loses_its_site_gives_back_what_it_has_not_sent(office: Office) -> None:
    gateway = Handed(answer=Sent("SM1", "sent"))
    office.runtime.gateways["twilio"] = gateway
    phone = office.approved(0, 1)
    ids = [office.reply("R1"), office.reply("R2")]
    phone.pull()
    phone.send(most=1)
    let_carry(office.engine, "twilio", office.sites[0], None, office.clock())
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest == 0
    phone.pull()
    phone.report()
    phone.pull()
    phone.send()
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest is None
    pass_time(office, 1)
    assert [words for _, words, _ in phone.on_air] + gateway.sent == ["R1", "R2"]
    assert [office.state(each)[0] for each in ids] == ["sent", "sent"]


@pytest.mark.parametrize("keeps_another", [False, True])
def test_what_a_replaced_phone_has_sent_it_still_says_and_nothing_goes_out_twice(
    office: Office, keeps_another: bool
) -> None:
    former = office.approved(0, 1) if keeps_another else office.approved(0)
    one = office.reply("R1")
    former.pull()
    former.send()
    phone = office.registered()
    office.let_in(phone, 0)
    phone.pull()
    phone.send()
    stranger = office.registered()
    stranger.messages, stranger.unreported = former.messages, list(former.messages)
    assert (stranger.report(), office.state(one)[0]) == ([503], "sending")
    assert former.report() == [204]
    pass_time(office, 6, phone)
    assert (former.on_air + phone.on_air, office.state(one)[0]) == ([(AGENT, "R1", 1)], "sent")
    if not keeps_another:
        former.unreported = list(former.messages)
        assert former.report() == [401]


def test_what_a_replaced_phone_says_nothing_of_the_next_one_sends(office: Office) -> None:
    former = office.approved(0, 1)
    one = office.reply("R1")
    former.pull()
    phone = office.registered()
    office.let_in(phone, 0)
    pass_time(office, 4, phone)
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest is None
    assert (phone.on_air, office.state(one)[0]) == ([], "sending")
    office.clock.move(minutes=1)
    assert waiting_for(office.engine, [phone.device_id], office.clock())[phone.device_id].newest == 0
    pass_time(office, 1, phone)
    assert (phone.on_air, office.state(one)[0]) == ([(AGENT, "R1", 1)], "sent")


def test_an_app_that_registers_anew_with_its_queue_sends_once(office: Office) -> None:
    phone = office.approved(0)
    one = office.reply("R1")
    phone.pull()
    assert phone.register(office.address, office.token) == 201
    office.let_in(phone, 0)
    phone.send()
    phone.report()
    pass_time(office, 6, phone)
    assert (phone.on_air, office.state(one)[0]) == ([(AGENT, "R1", 1)], "sent")


def test_a_message_keeps_its_id_when_the_installations_key_changes(office: Office) -> None:
    phone = office.approved(0)
    ids = [office.reply("R1"), office.reply("R2")]
    phone.pull()
    phone.send(most=1)
    office.runtime.gateways["desk"] = SmsGate(
        "desk", "another key", KnownLines("desk", lambda: office.engine), office.clock
    )
    assert phone.report() == [204]
    pass_time(office, 2, phone)
    assert ([words for _, words, _ in phone.on_air], len(phone.messages)) == (["R1", "R2"], 2)
    assert [office.state(each)[0] for each in ids] == ["sent", "sent"]


def test_two_phones_of_a_site_share_its_texts_and_keep_the_order_to_one_person(office: Office) -> None:
    one, other = office.approved(0), office.registered()
    sims = {1: office.sites[0]}
    assert approve(office.engine, "desk", other.device_id, sims, None, office.clock(), beside=True) == []
    for number, phone in enumerate((one, other)):
        phone.receive(AGENT, f"text {number}")
        phone.post()
    assert [text for _, _, text in in_line(office)] == ["text 0", "text 1"]
    first = office.reply("R1")
    one.pull()
    office.reply("R2")
    elsewhere = office.reply("S1", recipient="+8613900000012")
    other.pull()
    other.send()
    other.report()
    assert [words for _, words, _ in other.on_air] == ["S1"]
    one.send()
    one.report()
    other.pull()
    other.send()
    other.report()
    assert [words for _, words, _ in one.on_air + other.on_air] == ["R1", "S1", "R2"]
    office.reply("R3")
    one.pull()
    office.reply("R4")
    office.clock.move(minutes=3)
    other.pull()
    assert [each.text for each in other.messages.values()] == ["S1", "R2", "R4"], (
        "a silent one holds up nobody for long"
    )
    assert [office.state(each)[0] for each in (first, elsewhere)] == ["sent", "sent"]


def test_a_site_keeps_gateway_and_phone_when_the_one_that_was_to_have_it_has_ended(office: Office) -> None:
    phone = office.approved(0)
    token = add_gateway(office.engine, "other", [], None, office.clock())
    late, _ = register(office.engine, "other", token, PhoneWord("Xiaomi", ()), "1.68.0", office.clock())
    end(office.engine, late, None, office.clock())
    with pytest.raises(SetUpError):
        approve(office.engine, "other", late, {1: office.sites[0]}, None, office.clock(), carries=True)
    kept = next(each for each in phones_of(office.engine) if each.id == phone.device_id)
    assert (gateway_of(office), list(kept.sites)) == ("desk", [1])
    other, _ = register(office.engine, "other", token, PhoneWord("Xiaomi", ()), "1.68.0", office.clock())
    with pytest.raises(SetUpError, match="go through desk"):
        approve(office.engine, "other", other, {1: office.sites[0]}, None, office.clock())
    approve(office.engine, "other", other, {1: office.sites[0]}, None, office.clock(), carries=True)
    assert gateway_of(office) == "other"
