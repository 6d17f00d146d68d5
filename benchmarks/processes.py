"""Time and peak memory of a command and of all processes that it starts, for other benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LEAST_OF_A_WORKER = 50


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Args:
        seconds: from its start to its end.
        cpu: seconds of the processor, of all its processes.
        driver: peak resident memory of the process itself, in MB.
        java: likewise of its Java process; 0 where it has none.
        workers: likewise of all others, but for small ones that do no work.
        together: the most of all processes at one time.
    """

    seconds: float
    cpu: float
    driver: int
    java: int
    workers: list[int]
    together: int


def watched(command: list[str]) -> Watched:
    """Run a command, and look at its processes ten times a second."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peaks: dict[int, int] = {}
    cpu: dict[int, float] = {}
    java: set[int] = set()
    together = 0
    while process.poll() is None:
        now = {pid: status(pid) for pid in [process.pid, *_children(process.pid)]}
        together = max(together, sum(int(one.get("VmRSS", 0)) for one in now.values()))
        for pid, one in now.items():
            peaks[pid] = max(peaks.get(pid, 0), int(one.get("VmHWM", 0)))
            cpu[pid] = max(cpu.get(pid, 0.0), _cpu(pid))
            if one.get("Name") == "java":
                java.add(pid)
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the command failed: {' '.join(command)}")
    seconds = time.perf_counter() - begun
    driver = peaks.pop(process.pid) // 1024
    virtual = max((peaks.pop(pid) // 1024 for pid in java), default=0)
    workers = [peak // 1024 for peak in peaks.values() if peak // 1024 > LEAST_OF_A_WORKER]
    return Watched(seconds, sum(cpu.values()), driver, virtual, workers, together // 1024)


def cpu_of_driver(pid: int) -> float:
    """Seconds of the processor that a process and its Java, if it has any, have had."""
    java = [one for one in _children(pid) if status(one).get("Name") == "java"]
    return sum(_cpu(one) for one in [pid, *java])


def _children(pid: int) -> list[int]:
    """All processes that a process has started, and theirs."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        found = [int(one) for each in threads for one in (each / "children").read_text().split()]
    except OSError:
        return []
    return [*found, *(one for child in found for one in _children(child))]


def status(pid: int) -> dict[str, str]:
    """What the system tells of a process: its name, and its memory in kB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = [line.split() for line in lines if line.startswith(("Name", "VmRSS", "VmHWM"))]
    return {name.rstrip(":"): value for name, value, *_ in pairs}


def _cpu(pid: int) -> float:
    """Seconds of the processor that a process has had."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
