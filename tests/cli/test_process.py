"""The command as a process: what a scheduler sees, and what is left when it is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

QUICK = ["--model", "moving-average", "--horizon", "7", "--tracking", "none"]
COMMAND = [sys.executable, "-m", "newretail_ml.cli"]

# Writes half of every CSV file and then waits to be killed.
SLOW = """
import time, pandas
from newretail_ml.cli import main
def half(frame, path, **_):
    path.write_text("item_id,locat")
    time.sleep(60)
pandas.DataFrame.to_csv = half
main()
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def killed(number: signal.Signals, *arguments: object) -> int:
    """The return code of a command that is killed as soon as it has written half of a file."""
    words = [sys.executable, "-c", SLOW, *map(str, arguments)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not half_files() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert half_files(), "the command did not come to write"
    process.send_signal(number)
    return process.wait(timeout=30)


def half_files() -> list[Path]:
    """Files that are being written, in hidden folders beside the outputs."""
    return [path for path in Path().glob(".*/**/*.csv") if path.read_text() == "item_id,locat"]


def test_a_job_that_works(chain, work):
    done = run("forecast", chain, "--out", "out.csv", *QUICK, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "84 rows in out.csv, by moving-average.\n"
    assert len(pd.read_csv("out.csv")) == 84
    assert [path.name for path in work.iterdir()] == ["out.csv"]


def test_a_job_that_fails(work):
    done = run("forecast", "nowhere", "--out", "out.csv", *QUICK)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: there is no nowhere. Give a folder of ")
    assert done.stderr.count("\n") == 1
    assert not any(work.iterdir())


def test_a_job_that_is_misspelt(work):
    done = run("forecast", "nowhere", "--outt", "out.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option '--outt'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_a_job_that_is_killed_can_be_run_again(command, ask, chain, out, work, content):
    before = content(work)
    request = [command, chain, "--out", out[command].name, *QUICK, "--quiet"]
    assert killed(signal.SIGKILL, *request) == -signal.SIGKILL
    after = content(work)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith(f".{out[command].name}.") for name in after.keys() - before.keys())
    assert ask(*request).code == 0
    again = content(work)
    undisturbed = work.parent / "undisturbed" / out[command].name
    assert ask(command, chain, "--out", undisturbed, *QUICK).code == 0
    assert {name: again[name] for name in content(undisturbed.parent)} == content(
        undisturbed.parent
    )
    assert again.keys() - after.keys() <= content(undisturbed.parent).keys()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_job_that_is_stopped_tidies_up(chain, out, work, content):
    before = content(work)
    request = ["orders", chain, "--out", "orders.csv", *QUICK, "--quiet"]
    assert killed(signal.SIGTERM, *request) == 128 + signal.SIGTERM
    assert content(work) == before
