"""Build the pages of the documentation into out/docs: README, decisions, notebooks, and the API.

Docstrings are rendered by pdoc, Markdown by the converter that comes with it, notebooks by
notebooks/render.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import click
import markdown2

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out" / "docs"
# Pages made of one Markdown file each: where it lies, and where its page goes.
PAGES = {
    "README.md": "index.html",
    "README.zh-TW.md": "README.zh-TW.html",
    "data/sample/README.md": "data/sample/index.html",
    "experiments/README.md": "experiments/index.html",
    "docs/decisions/README.md": "docs/decisions/index.html",
    "docs/scale.md": "docs/scale.html",
}
EXTRAS = ["cuddled-lists", "fenced-code-blocks", "header-ids", "mermaid", "tables"]
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem; }}
pre {{ background: #f6f6f4; padding: .8rem; overflow-x: auto; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
td, th {{ border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; }}
img {{ max-width: 100%; }}
nav a {{ margin-right: 1rem; }}
</style>
</head>
<body>
<nav aria-label="pages">{links}</nav>
<main>
{body}
</main>
</body>
</html>
"""
NAVIGATION = {
    "Start": "index.html",
    "繁體中文": "README.zh-TW.html",
    "API": "api/newretail_ml.html",
    "Experiments": "experiments/index.html",
    "Decisions": "docs/decisions/index.html",
}


def pages_of(root: Path) -> dict[str, str]:
    """Markdown files and where their pages go."""
    decisions = sorted(root.glob("docs/decisions/[0-9]*.md"))
    names = [str(path.relative_to(root).as_posix()) for path in decisions]
    return PAGES | {name: name.removesuffix(".md") + ".html" for name in names}


def target_of(link: str, source: str, pages: dict[str, str]) -> str:
    """Where a link of a Markdown file leads among the pages; other links stay as they are."""
    if re.match(r"[a-z]+:|#", link):
        return link
    address, _, anchor = link.partition("#")
    file = os.path.normpath(Path(source).parent / address).replace(os.sep, "/")
    folder_page = f"{file}/README.md"
    page = pages.get(file) or pages.get(folder_page)
    if page is None and re.fullmatch(r"notebooks/\d\d_\w+\.py", file):
        page = file.removesuffix(".py") + ".html"
    if page is None:
        page = file
    relative = os.path.relpath(page, Path(pages[source]).parent).replace(os.sep, "/")
    return f"{relative}#{anchor}" if anchor else relative


def write_page(source: str, pages: dict[str, str], out: Path) -> None:
    """Turn one Markdown file into its page."""
    text = (ROOT / source).read_text(encoding="utf-8")
    body = markdown2.markdown(text, extras=EXTRAS)
    body = re.sub(
        r'(href|src)="([^"]+)"',
        lambda found: f'{found[1]}="{target_of(found[2], source, pages)}"',
        body,
    )
    up = "../" * pages[source].count("/")
    links = " ".join(f'<a href="{up}{page}">{name}</a>' for name, page in NAVIGATION.items())
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    page = out / pages[source]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        PAGE.format(
            language="zh-Hant" if "zh-TW" in source else "en",
            title=title[1] if title else "newretail_ml",
            links=links,
            body=body,
        ),
        encoding="utf-8",
    )


def write_api(out: Path) -> None:
    """Turn the docstrings of the package into pages."""
    import pdoc

    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc("newretail_ml", output_directory=out / "api")
    for page in (out / "api").rglob("*.html"):
        page.write_text(without_dead_links(page.read_text(encoding="utf-8")), encoding="utf-8")


def without_dead_links(page: str) -> str:
    """A page without the links that pdoc makes to inherited members it does not show."""
    shown = set(re.findall(r'id="([^"]+)"', page))
    return re.sub(
        r'<a href="#([^"]+)">([^<]*)</a>',
        lambda found: found[0] if found[1] in shown else found[2],
        page,
    )


def write_files(out: Path) -> None:
    """Copy what pages link to as it is."""
    shutil.copytree(ROOT / "docs" / "images", out / "docs" / "images", dirs_exist_ok=True)
    for name in ("benchmarks", "experiments"):
        for file in sorted((ROOT / name).glob("*.py")):
            (out / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, out / name / file.name)


def write_notebooks(out: Path, *, execute: bool) -> None:
    """Turn notebooks into pages, with their outputs if they are run."""
    sys.path.insert(0, str(ROOT / "notebooks"))
    from render import NOTEBOOKS, write_notebook

    for notebook in NOTEBOOKS:
        write_notebook(notebook, out / "notebooks", execute=execute)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Where to.")
@click.option("--execute/--no-execute", default=True, help="Run the notebooks.")
def main(out: Path, execute: bool) -> None:
    """Build all pages of the documentation."""
    shutil.rmtree(out, ignore_errors=True)
    pages = pages_of(ROOT)
    for source in pages:
        write_page(source, pages, out)
    write_files(out)
    write_api(out)
    write_notebooks(out, execute=execute)
    click.echo(f"{out / 'index.html'}")


if __name__ == "__main__":
    main()
