"""A real browser: Debian's Chromium by Playwright, and axe-core to look at pages as assistive technology does."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = (Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
LOGINS: dict[tuple[str, str], Any] = {}
"""The cookies of whoever has logged in, by the address of the server and his name."""
HARMLESS = ("htmx:sendAbort", "htmx:timeout")
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield a browser; where there is no Chromium the test says so."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium was found on the PATH: install Debian's chromium and fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Visit:
    """Somebody at a browser's window; notes whatever the console complains of."""

    def __init__(
        self, browser: Browser, base: str, width: int = 1440, language: str = "zh", scheme: str = "light"
    ) -> None:
        self.base = base
        self.context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_cookies([{"name": "language", "value": language, "url": base}])
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        # That a search went on before it was answered, or an answer came late, is nothing wrong.
        if message.type in ("error", "warning") and not message.text.startswith(HARMLESS):
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        """Open a page and wait until it stands still."""
        self.page.goto(path, wait_until="load")

    def log_in(self, name: str, password: str) -> None:
        """Log in as a person does; whoever has done so in another window is logged in here as well."""
        if (self.base, name) in LOGINS:
            self.context.add_cookies(LOGINS[self.base, name])
            return
        self.go("/login")
        self.page.fill("#f-name", name)
        self.page.fill("#f-password", password)
        self.page.press("#f-password", "Enter")
        self.page.wait_for_url(lambda url: "/login" not in url)
        LOGINS[self.base, name] = [cookie for cookie in self.context.cookies() if cookie["name"] != "language"]

    def violations(self) -> list[str]:
        """Return what axe-core finds serious or critical on the page that is open."""
        # Evaluated by the browser's own tools: the page's content security policy would refuse it as a script.
        self.page.evaluate(AXE)
        found: list[dict[str, Any]] = self.page.evaluate("async () => (await axe.run()).violations")
        grave = [each for each in found if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {node['html'][:150]}" for each in grave for node in each["nodes"]]

    def too_wide(self) -> bool:
        """Whether the page as a whole scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def close(self) -> None:
        """Close the window."""
        self.context.close()
