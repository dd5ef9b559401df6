"""What a browser says that it is, in the few words by which its owner knows it."""

from typing import Final

from webhook.language import _

BROWSERS: Final = {
    "MicroMessenger": "WeChat",
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS: Final = {
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
"""What stands in a User-Agent → its name; the first that is found, for many also name what they resemble."""
LONGEST: Final = 60


def device_words(agent: str) -> str:
    """Return the browser and system of a User-Agent: Chrome · Android; of an unknown one its beginning."""
    named = (next((name for sign, name in table.items() if sign in agent), "") for table in (BROWSERS, SYSTEMS))
    return " · ".join(name for name in named if name) or agent[:LONGEST] or _("unknown browser")
