"""Run every notebook of this folder top to bottom and write it as a page to out/notebooks."""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HERE = Path(__file__).parent
NOTEBOOKS = sorted(path for path in HERE.glob("[0-9]*.py"))


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs; an error in a cell is raised."""
    notebook = jupytext.read(path)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=_resources())
    return client.execute()


def write_notebook(path: Path, out: Path, *, execute: bool = True) -> Path:
    """Write a notebook as a page into a folder, with its outputs if it is run."""
    notebook = executed(path) if execute else jupytext.read(path)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    out.mkdir(parents=True, exist_ok=True)
    written = out / f"{path.stem}.html"
    written.write_text(page, encoding="utf-8")
    return written


def _resources() -> dict[str, dict[str, str]]:
    return {"metadata": {"path": str(HERE.parent)}}


def main() -> None:
    """Render all notebooks, or those named on the command line."""
    for path in [Path(name) for name in sys.argv[1:]] or NOTEBOOKS:
        sys.stdout.write(f"{write_notebook(path, HERE.parent / 'out' / 'notebooks')}\n")


if __name__ == "__main__":
    main()
