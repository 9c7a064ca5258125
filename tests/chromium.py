"""A headless Chromium of the system, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)


def found() -> str | None:
    """Return where the browser is; None where this machine has none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path is not None), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser; FileNotFoundError says how to get one."""
    path = found()
    if path is None:
        raise FileNotFoundError("no browser on this machine: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def pictures(otherwise: Path) -> Path:
    """Return the folder for screenshots: the one that MUSTER_TEST_PICTURES names, else the one given."""
    folder = Path(os.environ.get("MUSTER_TEST_PICTURES") or otherwise)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
