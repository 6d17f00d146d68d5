import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from newretail_ml.cli.main import newretail

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_ten_lines_run(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    (tmp_path / "data").symlink_to(ROOT / "data")
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "expected in 7 periods" in done.stdout or "item_0001" in done.stdout
    assert (tmp_path / "forecast.png").stat().st_size > 10_000


@pytest.mark.parametrize("line", re.findall(r"^newretail .*$", README, re.M))
def test_the_commands_exist_with_their_options(line):
    command = newretail.commands[line.split()[1]]
    known = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    assert set(re.findall(r"--[a-z-]+", line)) <= known


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", README, re.M))))
def test_make_targets_exist(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
