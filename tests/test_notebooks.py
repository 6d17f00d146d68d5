import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "render", Path(__file__).parents[1] / "notebooks" / "render.py"
)
render = importlib.util.module_from_spec(spec)
spec.loader.exec_module(render)


@pytest.mark.parametrize("path", render.NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_top_to_bottom_and_draws(path):
    notebook = render.executed(path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    assert not any(output.output_type == "error" for output in outputs)
