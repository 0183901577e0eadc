"""Headless Chromium, to look at pages as people see them: its own debugging protocol, over a pipe."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Browser", "Page"]

NAMES = () if os.name == "nt" else ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
SECONDS = 60
START = """import os, sys
os.dup2(int(sys.argv[1]), 3), os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass
class Page:
    """A page that was opened: what its console said, and which addresses it asked for besides its own."""

    browser: Browser
    session: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def evaluate(self, script: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = self.browser.ask("Runtime.evaluate", self.session, expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, path: Path, dark: bool = False) -> None:
        """Take a picture of the whole page."""
        look = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.browser.ask("Emulation.setEmulatedMedia", self.session, features=look)
        taken = self.browser.ask("Page.captureScreenshot", self.session, captureBeyondViewport=True)
        path.write_bytes(b64decode(taken["data"]))


class Browser:
    """A browser of its own, with an empty profile in `folder`."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        # not on Windows
        from fcntl import F_DUPFD_CLOEXEC, fcntl

        ends = (*os.pipe(), *os.pipe())
        # away from 3 and 4, which the protocol reads from and writes to
        read, self.writes, self.reads, write = (fcntl(end, F_DUPFD_CLOEXEC, 10) for end in ends)
        for end in ends:
            os.close(end)
        words = [sys.executable, "-c", START, str(read), str(write), CHROMIUM, *OPTIONS]
        self.process = subprocess.Popen(
            [*words, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(read, write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        self.number = 0
        self.left = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.reads)
        os.close(self.writes)

    def open(self, path: Path, width: int = 1200, height: int = 900) -> Page:
        """Open a file and wait until all of it is there."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable", page.session)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", page.session, **size)
        url = path.absolute().as_uri()
        self.ask("Page.navigate", page.session, url=url)
        while not any(one["method"] == "Page.loadEventFired" for one in self.events):
            self._read()
        self.ask("Runtime.evaluate", page.session, expression="1")
        for event in self.events:
            told = event["params"]
            match event["method"]:
                case "Log.entryAdded":
                    page.complaints.append(told["entry"]["text"])
                case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                    page.complaints.append(json.dumps(told))
                case "Network.requestWillBeSent":
                    address = told["request"]["url"]
                    if address != url and not address.startswith("data:"):
                        page.requests.append(address)
        self.events.clear()
        return page

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come before it are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self.number:
            pass
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def _read(self) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while b"\0" not in self.left:
            ready, _, _ = select.select([self.reads], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"the browser said nothing for {SECONDS} seconds"
            more = os.read(self.reads, 1 << 20)
            assert more, "the browser has ended"
            self.left += more
        text, self.left = self.left.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message
