"""A page in a headless Chromium: what it says on its console, how it is laid out, what axe-core objects to."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = os.environ.get("AXE_CORE", "")
"""Where axe.min.js of the npm package axe-core is, if it is anywhere."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--virtual-time-budget=8000",
)

_ASK = """
<script>
window.addEventListener("load", async () => {
  const found = {width: innerWidth, content: document.documentElement.scrollWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    background: getComputedStyle(document.body).backgroundColor,
    quirks: document.compatMode,
    pictures: [...document.querySelectorAll("figure svg")].map(one => one.getBoundingClientRect().width),
    badges: [...document.querySelectorAll("td .badge")].map(one => one.getBoundingClientRect().right),
    violations: []};
  if (window.axe) {
    const result = await axe.run(document, {resultTypes: ["violations"]});
    found.violations = result.violations.map(one => [one.id, one.impact, one.nodes.length, one.nodes[0].html]);
    found.axe = axe.version;
  }
  parent.document.getElementById("told").textContent = JSON.stringify(found);
});
</script>
"""
_FRAME = """<!DOCTYPE html><html lang="en"><head><meta name="color-scheme" content="light dark"><title>frame</title>
</head><body><iframe title="page" width="%d" height="900" style="border:0" srcdoc="%s"></iframe>
<pre id="told"></pre></body></html>"""
"""A window has a least width; a frame is as narrow as a phone."""


def seen(text: str, *, width: int = 1280, dark: bool = False) -> tuple[dict[str, Any], list[str]]:
    """What the page looks like at that width, and the lines of its console."""
    axe = f"<script>{Path(AXE).read_text(encoding='utf-8')}</script>" if AXE else ""
    asking = text.replace("</body>", f"{axe}{_ASK}</body>")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(_FRAME % (width, html.escape(asking)), encoding="utf-8")
        flags = [f"--user-data-dir={folder}/profile", "--window-size=1400,900"]
        flags += [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        assert CHROMIUM is not None
        done = subprocess.run(
            [CHROMIUM, *FLAGS, *flags, "--dump-dom", page.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told is not None, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(told[1])), console


def printed(text: str) -> bytes:
    """The page as a PDF."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as folder:
        page, pdf = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(text, encoding="utf-8")
        flags = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}"]
        subprocess.run(
            [CHROMIUM, *FLAGS, *flags, page.as_uri()], capture_output=True, timeout=120, check=True
        )
        return pdf.read_bytes()
