"""The roster as a file: taken away, or an empty one with the headings that the import reads."""

from tempfile import TemporaryFile

from flask import Blueprint, Response

from webhook.access import allowed, present_user
from webhook.downloads import TYPES, download
from webhook.language import _
from webhook.list_words import COLUMN_WORDS
from webhook.people import FIELDS, today_of
from webhook.runtime import runtime
from webhook.setup_frame import MAY
from webhook.sites import visible_site
from worker.accounts.acts import record
from worker.decide.set_up import SiteRow
from worker.files.exports import write_csv_file
from worker.files.lists import KINDS_IN_CHINESE
from worker.readers.roster import roster_of

routes = Blueprint("people_files", __name__, url_prefix="/setup/people")


@routes.post(f"/<int:site_id>/file/<any({','.join(TYPES)}):form>")
@allowed(*MAY)
def take(site_id: int, form: str) -> Response:
    """Return the roster as a file that the import reads again."""
    site = visible_site(site_id)
    roster = roster_of(runtime().engine, site.id)
    words = {kind: word for word, kind in reversed(KINDS_IN_CHINESE.items())}
    chinese = site.state.get("language", "zh") == "zh"
    rows: list[list[str]] = []
    for line in roster.people:
        kind = roster.units[line.unit].kind if line.unit in roster.units else ""
        days = [str(day or "") for day in (line.from_day, line.to_day)]
        kind = words.get(kind, kind) if chinese else kind
        rows.append([line.name, _written(site, line.phone), line.unit, kind, *days, ";".join(line.aliases)])
    record(runtime().engine, present_user().id, "roster_taken", f"site {site.id} {form}", runtime().clock())
    return _file(rows, form, f"{site.name}-{_('Roster')}-{today_of(site):%Y%m%d}")


@routes.get(f"/template/<any({','.join(TYPES)}):form>")
@allowed(*MAY)
def template(form: str) -> Response:
    """Return an empty file with the headings that the import reads."""
    return _file([], form, _("Roster"))


def _file(rows: list[list[str]], form: str, name: str) -> Response:
    file, headings = TemporaryFile(), [str(COLUMN_WORDS[column]) for column in FIELDS]  # noqa: SIM115  (who sends it closes it)
    if form == "csv":
        write_csv_file(rows, headings, file)
    else:
        from worker.files.sheets import write_xlsx_file

        write_xlsx_file(rows, headings, file, _("Roster"))
    return download(file, form, name)


def _written(site: SiteRow, phone: str) -> str:
    """Return a phone as people at the site write it: a spreadsheet takes a + for the beginning of a formula."""
    return phone.removeprefix("+86") if site.region == "CN" else phone
