"""What the front desk enters: arrivals, signatures, client service's checks, groups. Each is a text in the line."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from webhook.access import allowed
from webhook.entry import submit, word
from webhook.sites import visible_site
from worker.decide.set_up import SiteRow

routes = Blueprint("desk_acts", __name__, url_prefix="/desk")

LONGEST_LIST = 1_500
MOST_FORMS = 100


@routes.post("/<int:site_id>/arrivals")
@allowed("manager", "consultant")
def arrive(site_id: int) -> Response:
    """Open the form of an arrival (到访), or of one who comes alone (自访)."""
    keyword = "自访" if request.form.get("how") == "alone" else "到访"
    return _submit(visible_site(site_id), keyword, *(word(name) for name in ("client", "phone", "agent", "time")))


@routes.post("/<int:site_id>/signatures")
@allowed("manager", "consultant")
def sign(site_id: int) -> Response:
    """Sign the forms that are named (签)."""
    return _submit(visible_site(site_id), "签", *request.form.get("forms", "").split()[:MOST_FORMS])


@routes.post("/<int:site_id>/checks")
@allowed("service")
def verify(site_id: int) -> Response:
    """Say whether the reporting agent was in contact with a client who came alone (核实)."""
    answer = "是" if request.form.get("answer") == "yes" else "否"
    return _submit(visible_site(site_id), "核实", word("form"), answer)


@routes.post("/<int:site_id>/groups")
@allowed("manager")
def group(site_id: int) -> Response:
    """Report a group that an agent of our own department brings (团报)."""
    clients = request.form.get("clients", "")[:LONGEST_LIST].replace("\r\n", "\n").strip()
    return _submit(visible_site(site_id), f"团报 {word('agent')}\n{clients}")


def _submit(site: SiteRow, *words: str) -> Response:
    return submit(site, " ".join(each for each in words if each), url_for("desk.page", site=site.id))
