"""A stray line of the solver is swallowed, every other one is passed on."""

import subprocess
import sys

import pytest

STRAY = r"HighsMipSolverData::transformNewIntegerFeasibleSolution tmpSolver.run();\n"
CODE = f"""
import os
from newretail_ml.quiet import without_stray_lines
print("before")
try:
    with without_stray_lines():
        os.write(1, b"{STRAY}")
        os.write(1, b"of a library\\n")
        print("of python")
        FAIL
except ArithmeticError:
    pass
print("after")
"""


@pytest.mark.parametrize("fail", ["pass", "1 / 0"])
def test_only_the_stray_line_is_missing(fail):
    code = CODE.replace("FAIL", fail)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["before", "of a library", "of python", "after"]


def test_it_works_without_a_standard_output():
    code = (
        "import os; os.close(1)\nfrom newretail_ml.quiet import without_stray_lines\n"
        "with without_stray_lines(): made = 1\nos.write(2, b'%d' % made)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr[:1]) == (0, "1")
