"""Jobs as processes that are watched and killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "newretail_ml.cli"]
FINISHED = "work/finished/*/receipt.json"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def below(pid: int) -> list[int]:
    """All processes that a process has started, and theirs."""
    there = Path(f"/proc/{pid}/task")
    found = [
        int(one) for thread in there.iterdir() for one in (thread / "children").read_text().split()
    ]
    return [*found, *(one for child in found for one in below(child))]


def until(said, seconds: int = 300) -> None:
    deadline = time.monotonic() + seconds
    while not said() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert said()


def stopped(number: signal.Signals, words: list[str]) -> int:
    """The return code of a job that is stopped once it has finished one more partition."""
    before = len(list(Path().glob(FINISHED)))
    process = subprocess.Popen([*COMMAND, *words], stderr=subprocess.DEVNULL)
    until(lambda: len(list(Path().glob(FINISHED))) > before or process.poll() is not None)
    workers = below(process.pid)
    process.send_signal(number)
    code = process.wait(timeout=300)
    until(lambda: not any(map(alive, workers)))
    return code
