"""The pages of the documentation can be built, and no link in them is broken."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        self.links += [found[name] for name in ("href", "src") if found.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "docs/make_pages.py", "--no-execute", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in out.rglob("*.html")}


def is_outside(link):
    return link.startswith(("http:", "https:", "data:", "mailto:", "//"))


def test_no_link_is_broken(site):
    broken = []
    for path, page in site.items():
        for link in page.links:
            address, _, anchor = unquote(link).partition("#")
            target = (path.parent / address).resolve() if address else path
            if is_outside(link) or (
                target in site and (not anchor or anchor in site[target].anchors)
            ):
                continue
            if not target.exists() or anchor:
                broken.append((path.name, link))
    assert broken == []


@pytest.mark.parametrize(
    "page",
    [
        "index",
        "README.zh-TW",
        "api/newretail_ml",
        "api/newretail_ml/world",
        "docs/decisions/004-dependencies",
        "notebooks/01_tables_to_orders",
    ],
)
def test_page_is_there(site, page):
    assert any(path.as_posix().endswith(f"/{page}.html") for path in site)


def test_the_api_shows_every_public_room(site):
    rooms = {path.stem for path in site if path.parent.name == "newretail_ml"}
    public = {"forecasting", "replenishment", "pricing", "recommendation", "world", "tracking"}
    assert public <= rooms
