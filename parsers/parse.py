"""`parse`: any text becomes a meaning. Pure and total; reads at most 1,600 characters (texts.md, section 1).

text → masked → reading (clean + skeleton) → numbers ─┬ silent: courtesy, advert, code, echo …
                                                      ├ a command, by its keyword
                                                      ├ free words: a question, 取消, 打错了, 带看
                                                      └ a report: labels and words in roles → reports or one fault
"""

import re
from dataclasses import replace
from typing import Final

from parsers.expected import read_planned
from parsers.fields import LABEL, ROLES
from parsers.free_words import read_free
from parsers.grammar import read_report
from parsers.keywords import begins_like_command, read_command
from parsers.mask import mask_numbers
from parsers.message import Lexicon, Parsed
from parsers.names import looks_like_person
from parsers.noise import is_noise
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone, blank, find_phones
from parsers.projects import find_projects, without_free_projects
from parsers.silence import is_other_business, silent_kind

LONGEST: Final = 1_600
_LONGEST_OPENING: Final = 12
"""A text whose number stands within so many characters begins like a report: a name, a number."""
_BEGINS: Final = re.compile(r"\s*(?:报备|备案|report\b|客户|姓名)")
_NO_LEXICON: Final = Lexicon()


def parse(text: str, *, region: str = "CN", lexicon: Lexicon = _NO_LEXICON) -> Parsed:
    """Return what a text means. `region` (ISO 3166) is the site's; `lexicon` its units and the sender's colleagues.

    Never raises, whatever the text; `parse(mask_numbers(text))` is the same.
    """
    reading = fold_for_reading(mask_numbers(text, region)[:LONGEST])
    if not reading.skeleton.strip():
        return Parsed("unknown", "unreadable")
    phones = find_phones(reading.skeleton, region)
    numbers = [phone for phone in phones if not phone.partial]
    command = read_command(reading, numbers, lexicon)
    if command is not None:
        return command
    silent = silent_kind(reading, numbers)
    if silent is not None:
        return Parsed(silent)
    sites = lexicon.sites - lexicon.units - lexicon.people
    first = min((phone.start for phone in phones), default=len(reading.skeleton))
    bare = without_free_projects(reading, sites, first)
    planned, projects = read_planned(blank(reading.skeleton, phones)), find_projects(reading, sites, first)
    free = read_free(bare, numbers, lexicon)
    if free is not None:
        return replace(free, planned=planned, projects=projects) if free.kind == "report" or free.arrival else free
    begins = bool(_BEGINS.match(reading.skeleton)) or begins_like_command(reading.skeleton)
    begins = begins or any(phone.start <= _LONGEST_OPENING for phone in numbers)
    if is_other_business(reading) or not (_may_report(reading, numbers) or _lacks_digits_alone(bare, phones, lexicon)):
        return Parsed("unknown", "not_a_report", begins_like_command=begins)
    return replace(read_report(bare, phones, lexicon), planned=planned, projects=projects)


def _lacks_digits_alone(reading: Reading, phones: list[Phone], lexicon: Lexicon) -> bool:
    """Tell whether a text with a part of a number would be a report, were that number whole (张三 尾号5678 李四)."""
    if not any(phone.partial for phone in phones):
        return False
    made_whole = [replace(phone, faulty=False) if phone.partial else phone for phone in phones]
    return read_report(reading, made_whole, lexicon).error is None


def _may_report(reading: Reading, phones: list[Phone]) -> bool:
    """Tell whether a text has what makes a report: a number, or labels of a client and an agent or phone."""
    if any(not p.loose for p in phones):
        return True
    labels = {ROLES[m[m.lastgroup or "signed"]] for m in LABEL.finditer(blank(reading.skeleton, phones))}
    clients = "client" in labels and labels & {"agent", "unit", "phone", "client_phone"}
    opening = re.match(r"\s*报备[\s:,]+(\S+)(?:[\s,]+(\S+))?", reading.skeleton)
    opens = opening and (opening[2] or (looks_like_person(opening[1]) and not is_noise(opening[1])))
    return bool(clients or ("client_phone" in labels and len(labels) > 1) or opens)
