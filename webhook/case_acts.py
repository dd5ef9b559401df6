"""What is entered on a case: judgements, papers, opinions, rulings. Each is a text in the line."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed
from webhook.entry import submit, word
from webhook.sites import visible_site

routes = Blueprint("case_acts", __name__, url_prefix="/cases")


@routes.post("/<int:site_id>/judgements")
@allowed("manager")
def settle(site_id: int) -> Response:
    """Settle a suspected or contested report, or a form that does not match (判)."""
    answer = "有效" if request.form.get("answer") == "valid" else "重复"
    return _submit(site_id, "判", word("ref"), answer, word("reason"))


@routes.post("/<int:site_id>/rulings")
@allowed("manager")
def rule(site_id: int) -> Response:
    """Decide a dispute (裁定)."""
    return _submit(site_id, "裁定", word("ref"), word("unit"), word("reason"))


@routes.post("/<int:site_id>/papers")
@allowed("service")
def paper(site_id: int) -> Response:
    """Record a paper of a side (材料)."""
    return _submit(site_id, "材料", word("ref"), word("unit"), word("kind"), word("words"))


@routes.post("/<int:site_id>/opinions")
@allowed("service")
def opine(site_id: int) -> Response:
    """Give client service's opinion on a dispute (意见)."""
    return _submit(site_id, "意见", word("ref"), word("words"))


def _submit(site_id: int, *words: str) -> Response:
    site = visible_site(site_id)
    return submit(site, " ".join(each for each in words if each), url_for("cases.page", site=site.id))
