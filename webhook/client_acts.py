"""What is entered on a client's page: contacts, payments, relatives, corrections. Each is a text in the line."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed
from webhook.entry import submit, word
from webhook.sites import visible_site

routes = Blueprint("client_acts", __name__, url_prefix="/register")

PLACE = "/<int:site_id>/<int:seq>/<int:part>"
PAYMENTS = {"deposit": "定金", "downpayment": "首付", "refund": "退定"}


@routes.post(f"{PLACE}/contacts")
@allowed("consultant")
def follow(site_id: int, seq: int, part: int) -> Response:
    """Record a contact with the client (跟进)."""
    return _submit(site_id, seq, part, "跟进", word("ref"), word("words"))


@routes.post(f"{PLACE}/payments")
@allowed("manager")
def pay(site_id: int, seq: int, part: int) -> Response:
    """Record a payment, or that the sale was cancelled (定金, 首付, 退定)."""
    keyword = PAYMENTS.get(request.form.get("what", ""), "定金")
    return _submit(site_id, seq, part, keyword, word("ref"), word("day"), word("unit"))


@routes.post(f"{PLACE}/relatives")
@allowed("manager")
def relate(site_id: int, seq: int, part: int) -> Response:
    """Link a relative of the client (亲属)."""
    return _submit(site_id, seq, part, "亲属", word("ref"), word("other"), word("relation"), word("proof"))


@routes.post(f"{PLACE}/corrections")
@allowed("manager")
def correct(site_id: int, seq: int, part: int) -> Response:
    """Put down the client's true number, which was proved in writing (更正)."""
    return _submit(site_id, seq, part, "更正", word("ref"), word("phone"), word("proof"))


@routes.post(f"{PLACE}/checks")
@allowed("manager")
def check(site_id: int, seq: int, part: int) -> Response:
    """Take a reading that was not sure for right (判 … 有效; L24)."""
    return _submit(site_id, seq, part, "判", word("ref"), "有效")


@routes.post(f"{PLACE}/withdrawals")
@allowed("manager")
def withdraw(site_id: int, seq: int, part: int) -> Response:
    """Give the client up (撤)."""
    return _submit(site_id, seq, part, "撤", word("ref"))


def _submit(site_id: int, seq: int, part: int, *words: str) -> Response:
    site = visible_site(site_id)
    back = url_for("register.client", site_id=site.id, seq=seq, part=part)
    return submit(site, " ".join(each for each in words if each), back)
