"""A small chain, its backtest, and stores to track it in."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecasting import (
    Backtest,
    Forecaster,
    LightGBMForecaster,
    MovingAverage,
    SeasonalNaive,
    backtest,
)
from newretail_ml.panel import Panel

HORIZON = 7


class Refusing(MovingAverage):
    """A model that cannot be judged."""

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        raise DataError("there is nothing to learn", next_step="Bring more history.")


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


@pytest.fixture(scope="session")
def panel() -> Panel:
    rng = np.random.default_rng(5)
    dates = pd.date_range("2026-01-01", periods=90)
    series = [(f"茶 {item}", f"store {shop}") for item in range(3) for shop in range(2)]
    frames = [
        pd.DataFrame(
            {
                "item_id": item,
                "location_id": shop,
                "date": dates,
                "units": rng.poisson(4 + 2 * (dates.day_of_week >= 5)),
            }
        )
        for item, shop in series
    ]
    return Panel.from_frame(pd.concat(frames))


@pytest.fixture(scope="session")
def models() -> dict[str, Forecaster]:
    return {
        "naive": SeasonalNaive(),
        "average": MovingAverage(14),
        "lightgbm": LightGBMForecaster(HORIZON, max_rounds=15, n_threads=1),
        "refusing": Refusing(),
    }


@pytest.fixture(scope="session")
def result(models: dict[str, Forecaster], panel: Panel) -> Backtest:
    return backtest(models, panel, horizon=HORIZON, folds=3, n_paths=50, progress=False)


@pytest.fixture(scope="session")
def fitted(panel: Panel) -> LightGBMForecaster:
    return LightGBMForecaster(HORIZON, max_rounds=15, n_threads=1).fit(panel)


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> Path:
    shutil.copy(empty_store, tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a tracking server of our own."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and its workers."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
