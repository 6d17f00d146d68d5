"""How much memory a process needs."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory() -> int | None:
    """The most memory that this process has had, in MB; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        # What `resource` says there may be the peak of the process that started this one.
        peaks = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peaks[0].split()[1]) >> 10 if peaks else None
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) >> (20 if sys.platform == "darwin" else 10)
