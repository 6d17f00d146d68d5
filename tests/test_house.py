"""The house stands as designed: floors, import time, no side effects, no machine's path."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "newretail_ml"

FLOORS = {
    "columns": 0,
    "errors": 0,
    "checks": 0,
    "parameters": 0,
    "quiet": 0,
    "wording": 0,
    "tables": 1,
    "panel": 1,
    "forecast": 1,
    "interactions": 1,
    "features": 2,
    "forecasting": 3,
    "replenishment": 3,
    "pricing": 3,
    "recommendation": 3,
    "world": 4,
    "tracking": 5,
    "report": 5,
    "chart": 5,
    "plots": 5,
    "jobs": 5,
    "cli": 5,
    "__init__": 5,
}
DOMAINS = {"forecasting", "replenishment", "pricing", "recommendation"}
HEAVY = {
    "mlflow",
    "matplotlib",
    "lightgbm",
    "statsmodels",
    "implicit",
    "pandera",
    "holidays",
    "duckdb",
    "sqlalchemy",
    "scipy.signal",
    "scipy.spatial",
    "scipy.stats",
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a file imports, however deep; type-checking imports count as well."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "newretail_ml" and len(parts) > 1:
                rooms.add(parts[1])
    return rooms & FLOORS.keys()


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_room_has_a_floor():
    assert {room_of(path) for path in FILES} == FLOORS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_never_climb(path):
    here = room_of(path)
    for there in imported_rooms(path) - {here}:
        assert FLOORS[there] <= FLOORS[here], f"{here} (floor {FLOORS[here]}) imports {there}"
        assert not {here, there} <= DOMAINS, f"{here} and {there} meet only through the nouns"


def test_only_tracking_imports_mlflow():
    users = {
        room_of(path)
        for path in FILES
        if re.search(r"^\s*(from|import) mlflow", path.read_text(), re.M)
    }
    assert users == {"tracking"}


def test_import_is_light_and_silent():
    code = f"import sys, newretail_ml; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_no_path_of_a_machine_and_no_host_of_a_registry():
    tracked = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.splitlines()
    parts = [
        ("/ho", "me/"),
        ("/Us", "ers/"),
        ("/ro", "ot/"),
        ("py", r"pi\.org"),
        ("python", "hosted"),
    ]
    forbidden = re.compile("|".join("".join(halves) for halves in parts))
    texts = [ROOT / name for name in tracked if not name.endswith((".parquet", ".png"))]
    found = [path for path in texts if path.is_file() and forbidden.search(path.read_text())]
    assert found == []
