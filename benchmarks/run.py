"""Runs the benchmarks of this folder, one after another, each in a process of its own.

All but `recommendation` and `next_purchases`, whose peer lives in the library's own environment,
and `scale` and `scale_limits`, which need Spark. Modules that only help others are no benchmarks.
"""

import subprocess
import sys
from pathlib import Path

HELPERS = ("tasks", "processes", "scale_job")
ELSEWHERE = ("recommendation", "next_purchases", "scale", "scale_limits")


def main() -> int:
    """Exit code 0 if every benchmark ran to its end."""
    here = Path(__file__).resolve()
    scripts = sorted(
        path
        for path in here.parent.glob("*.py")
        if path.stem not in {here.stem, *HELPERS, *ELSEWHERE}
    )
    failed = []
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            failed.append(script.stem)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
