"""A real server, a real browser, and a page that nothing may complain about."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gevent import monkey
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from bench.processes import free_port as free_port
from tests.browser.screen import Screen
from tests.server.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The other tests run patched; these then belong to another call of pytest.
collect_ignore_glob = ["test_*.py"] if monkey.is_module_patched("socket") else []


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {
        "DATABASE_URL": f"sqlite:///{folder / 'parley.db'}",
        "DEMO_TOKENS_PER_SECOND": "30",
        # A developer's .env would bring their keys back.
        "PYTHON_DOTENV_DISABLED": "1",
    }


def _is_ready(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_until_ready(base: str, process: Forked, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(base):
            return
        time.sleep(0.05)
    pytest.fail(f"The server did not become ready. It said:\n{log.read_text()[-4000:]}")


def _end(process: Forked) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose demo model does not dawdle, for who wants whole answers."""
    with serving(tmp_path_factory.mktemp("quick"), DEMO_TOKENS_PER_SECOND="500") as url:
        yield url


@contextmanager
def serving(folder: Path, **extra: str) -> Iterator[str]:
    """A server with these variables besides the usual ones."""
    log, address = folder / "log", f"127.0.0.1:{free_port()}"
    arguments = ["-c", "gunicorn.conf.py", "--bind", address, "wsgi:app"]
    process = Forked(arguments, ROOT, _environment(folder) | extra, log)
    try:
        _wait_until_ready(f"http://{address}", process, log)
        yield f"http://{address}"
    finally:
        _end(process)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "Chromium is not installed here (Debian: apt install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def context_options() -> dict[str, object]:
    """How the browser presents itself; a test overrides it by parametrization."""
    return {}


@pytest.fixture
def context(
    browser: Browser, base_url: str, context_options: dict[str, object]
) -> Iterator[BrowserContext]:
    fresh = browser.new_context(base_url=base_url, **context_options)  # type: ignore[arg-type]
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser had to say against the page: violated policies, errors, exceptions."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    def on_console(message: ConsoleMessage) -> None:
        # An answer of 4xx or 5xx is reported as well; tests of errors provoke those.
        expected = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not expected:
            complaints.append(message.text)

    opened = context.new_page()
    opened.on("console", on_console)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert complaints == []


@pytest.fixture
def screen(page: Page) -> Screen:
    return Screen(page)
