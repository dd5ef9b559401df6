"""`parse`: any text becomes a meaning. Pure and total; reads at most 1,600 characters (texts.md, section 1).

text → masked → reading (clean + skeleton) ─┬ the plain standard form, at a glance
                                             ├ nobody's: a phone's reaction, a carrier's notice
                                  → numbers ─┼ a command, by its keyword
                                            ├ silent: courtesy, advert, code, echo …
                                            ├ free words: a question, 取消, 打错了, 带看
                                            └ a report: the best of all readings, or no report at all
"""

import re
from dataclasses import replace
from typing import Final

from parsers.expected import read_planned
from parsers.free_words import CALLS_OFF_VISIT, read_free
from parsers.keywords import begins_like_command, behind_keyword, read_command
from parsers.machines import behind_notice, is_reaction
from parsers.mask import mask_numbers
from parsers.message import SILENT, Command, Lexicon, Meaning, ReportText, Silent, Unknown
from parsers.normalise import Reading, fold_for_reading
from parsers.phones import Phone, blank, find_phones
from parsers.plain import PLAIN_REGION, read_plain
from parsers.projects import find_projects, named_projects, without_free_projects
from parsers.quotes import without_our_quotes
from parsers.reader import known_of, read_report
from parsers.silence import silent_kind

LONGEST: Final = 1_600
_LONGEST_OPENING: Final = 12
"""A text whose number stands within so many characters begins like a report: a name, a number."""
_BEGINS: Final = re.compile(r"\s*(?:报备|备案|report\b|客户|姓名)")
_NO_LEXICON: Final = Lexicon()


def parse(text: str, *, region: str = "CN", lexicon: Lexicon = _NO_LEXICON) -> Meaning:
    """Return what a text means. `region` (ISO 3166) is the site's; `lexicon` its units and the sender's colleagues.

    Never raises, whatever the text; `parse(mask_numbers(text))` is the same.
    """
    reading = fold_for_reading(mask_numbers(text, region)[:LONGEST])
    if is_reaction(reading):
        return Silent("courtesy")
    reading = without_our_quotes(reading)
    below = behind_notice(reading)
    if below is None:
        return _read(reading, region, lexicon)
    return _read(below, region, lexicon) if below.skeleton.strip() else Silent("automatic")


def _read(reading: Reading, region: str, lexicon: Lexicon) -> Meaning:
    plain = read_plain(reading, known_of(lexicon)) if region == PLAIN_REGION else None
    if plain is not None and not named_projects(reading, _sites(lexicon), len(reading.skeleton)):
        return plain
    if not reading.skeleton.strip():
        return Unknown("unreadable")
    phones = find_phones(reading.skeleton, region)
    numbers = [phone for phone in phones if not phone.partial]
    command = read_command(reading, numbers, lexicon)
    if command is not None:
        return _or_report(command, reading, region, lexicon)
    if phones and (below := behind_keyword(reading, glued=False)) is not None:
        reading, phones = below, find_phones(below.skeleton, region)
        numbers = [phone for phone in phones if not phone.partial]
    kind = silent_kind(reading, numbers)
    if kind is not None:
        return Silent(kind) if kind in SILENT else Command(kind)
    return _said_freely(reading, phones, numbers, lexicon)


def _or_report(command: Command, reading: Reading, region: str, lexicon: Lexicon) -> Command:
    """Return an act by clients alone with the report that its text is where it is none (L15)."""
    below = behind_keyword(reading, glued=True) if command.reports and not command.refs else None
    if below is None:
        return command
    phones = find_phones(below.skeleton, region)
    report = _said_freely(below, phones, [phone for phone in phones if not phone.partial], lexicon)
    return replace(command, report=report) if isinstance(report, ReportText) and report.reports else command


def _sites(lexicon: Lexicon) -> frozenset[str]:
    """Return the names by which only a site is called."""
    return lexicon.sites - lexicon.units - lexicon.people


def _said_freely(reading: Reading, phones: list[Phone], numbers: list[Phone], lexicon: Lexicon) -> Meaning:
    sites = _sites(lexicon)
    first = min((phone.start for phone in phones), default=len(reading.skeleton))
    bare = without_free_projects(reading, sites, first)
    meaning = read_free(bare, numbers, lexicon)
    if meaning is None:
        meaning = read_report(bare, phones, lexicon)
        if isinstance(meaning, Unknown):
            skeleton = reading.skeleton
            called_off = bool(CALLS_OFF_VISIT.search(skeleton))
            # C9: it begins like a report, or like a command.
            at_once = any(phone.start <= _LONGEST_OPENING for phone in numbers)
            begins = at_once or bool(_BEGINS.match(skeleton)) or begins_like_command(skeleton)
            return replace(meaning, begins_like_command=begins, calls_off_visit=called_off)
    if not isinstance(meaning, ReportText):
        return meaning
    planned = read_planned(blank(reading.skeleton, phones))
    return replace(meaning, planned=planned, projects=find_projects(reading, sites, first))
