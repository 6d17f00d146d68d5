"""The command on a Spark Connect server, which is all that it needs to know of Spark."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml.cli.main import newretail
from tests.jobs.processes import COMMAND, until

TIME_ZONE = "America/New_York"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that runs on this machine."""
    pyspark = pytest.importorskip("pyspark", reason="the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    options = {
        "spark.connect.grpc.binding.port": port,
        "spark.sql.session.timeZone": TIME_ZONE,
        "spark.ui.enabled": "false",
    }
    command = [str(submit), "--master", "local[2,4]"]
    command += [word for name, value in options.items() for word in ("--conf", f"{name}={value}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    folder = tmp_path_factory.mktemp("server")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "spark-internal"],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYSPARK_PYTHON": sys.executable},
            start_new_session=True,
        )
    try:
        until(lambda: _answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_the_command_by_an_address(server, last_months, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["forecast", last_months, "--model", "moving-average", "--horizon", 3]
    asked = [*map(str, asked), "--partitions", "3", "--tracking", "none"]
    far = [*COMMAND, *asked, "--engine", server, "--out", "far.parquet"]
    done = subprocess.run(far, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    near = CliRunner().invoke(newretail, [*asked, "--engine", "local", "--out", "near.parquet"])
    assert near.exit_code == 0, near.output
    made = [pd.read_parquet(name) for name in ("far.parquet", "near.parquet")]
    pd.testing.assert_frame_equal(*made, check_exact=True)
    manifest = json.loads(Path("far.parquet.manifest.json").read_text())
    assert manifest["rows_out"] == len(made[0])
