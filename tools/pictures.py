"""The pictures of `docs/images`: `python -m tools.pictures [--whole CATALOG]`.

Pages of rules are taken of the example rules; the overview and the matrix, which show numbers, of a whole catalog when
one is named. Needs Chromium, and pngquant where smaller files are wanted.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

PROJECT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = PROJECT / "docs" / "images"
FIRST: Final = "AWS_UnauthorizedInstanceSetUpAttempt"

WHOLE: Final = (
    ("overview", "index.html", "light", 1000),
    ("matrix", "attack/index.html", "light", 900),
    ("technique", "technique/t1059.html", "dark", 900),
)
EXAMPLES: Final = (
    ("rule-page", f"rules/kusto/{FIRST}/index.html", "light", 1000),
    ("rule-body", f"rules/kusto/{FIRST}/index.html#body", "dark", 1000),
    ("browse", "browse/index.html?q=RunInstances", "light", 900),
    ("compare", f"compare/index.html?rules={FIRST},aws_ec2_launch_denied", "light", 900),
    ("playground", f"playground/index.html?rule={FIRST}", "light", 900),
)


@contextmanager
def served(catalog: Path) -> Iterator[str]:
    """The address of a live site of a catalog."""
    command = [sys.executable, "-m", "detectionary", "serve", "--db", str(catalog), "--port", "0"]
    command += ["--logs", str(PROJECT / "examples" / "logs" / "cloudtrail")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            for line in process.stdout or ():
                start = line.find("http://")
                if start >= 0:
                    yield line[start:].split()[0].strip('",}').rstrip("/") + "/"
                    return
            raise SystemExit("serve ended")
        finally:
            process.terminate()


def take(browser: Browser, site: str, name: str, address: str, theme: str, height: int) -> None:
    """One picture."""
    context = browser.new_context(
        viewport={"width": 1280, "height": height}, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(site + address)
    page.wait_for_load_state("networkidle")
    if name == "playground":
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_timeout(6000)
    page.wait_for_timeout(500)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--skip-if-larger", "--output", str(path), str(path)], check=False)
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size:,} bytes")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.pictures", description=__doc__.partition(":")[0])
    parser.add_argument("--whole", type=Path, help="a catalog of many rules")
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        catalog = Path(folder, "rules.db")
        ingest = [
            sys.executable,
            "-m",
            "detectionary",
            "ingest",
            str(PROJECT / "examples" / "rules"),
            "--db",
            str(catalog),
        ]
        subprocess.run(ingest, check=True, stdout=subprocess.DEVNULL)
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-quic"]
        )
        for pictures, source in ((EXAMPLES, catalog), (WHOLE, options.whole or catalog)):
            with served(source) as site:
                for name, address, theme, height in pictures:
                    take(browser, site, name, address, theme, height)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
