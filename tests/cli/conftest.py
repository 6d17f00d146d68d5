"""A small chain in a folder, and a way to ask the command about it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml.cli.main import newretail
from newretail_ml.world import ChainConfig, make_world

EARLIER = "what an earlier run wrote\n"


@dataclass(frozen=True)
class Answer:
    """What a scheduler sees of a command."""

    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Parquet tables: 4 items, 2 stores and an online shop, 180 days."""
    folder = tmp_path_factory.mktemp("made") / "chain"
    config = ChainConfig(
        start="2025-01-06",
        days=180,
        plan_days=30,
        n_stores=2,
        n_items=4,
        n_customers=40,
        units_per_day=2.0,
    )
    make_world(config).tables.write(folder)
    return folder


@pytest.fixture(scope="session")
def frames(chain: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(chain.iterdir())}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: an empty one, so that whatever is written can be seen."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def spoilt(chain: Path, tmp_path: Path) -> Path:
    """A copy of the chain, to be spoilt."""
    folder = tmp_path / "spoilt"
    shutil.copytree(chain, folder)
    return folder


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Runs the command in this process, untracked unless asked for."""

    def asked(*arguments: object) -> Answer:
        words = [str(argument) for argument in arguments]
        if not {"--tracking", "--help"} & set(words):
            words += ["--tracking", "none"]
        done = CliRunner().invoke(newretail, words)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    return asked


@pytest.fixture
def out(work: Path) -> dict[str, Path]:
    """Where each command writes to; what an earlier run wrote stands there."""
    for name in ("forecast.csv", "orders.csv"):
        (work / name).write_text(EARLIER)
    folder = work / "backtest"
    folder.mkdir()
    (folder / ".newretail").touch()
    (folder / "leaderboard.csv").write_text(EARLIER)
    return {
        "forecast": work / "forecast.csv",
        "orders": work / "orders.csv",
        "backtest": work / "backtest",
    }


@pytest.fixture(scope="session")
def content() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder, hidden ones too, with its bytes; folders end in a slash."""

    def listed(folder: Path) -> dict[str, bytes]:
        return {
            f"{path.relative_to(folder)}{'/' if path.is_dir() else ''}": (
                b"" if path.is_dir() else path.read_bytes()
            )
            for path in sorted(folder.rglob("*"))
        }

    return listed
