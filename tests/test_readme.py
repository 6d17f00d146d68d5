import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest

from newretail_ml import RetailTables
from newretail_ml.cli.main import newretail

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the examples print, run one after another in a folder with two fifths of the sample.

    Of all items they print the like, and take two minutes.
    """
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data" / "sample", folder / "data" / "sample")
    for file in (folder / "data" / "sample").glob("*.parquet"):
        rows = pd.read_parquet(file)
        if "item_id" in rows:
            rows[rows["item_id"].str[-4:].astype(int) % 5 % 3 == 1].to_parquet(file)
    examples = "\n".join(re.findall(r"```python\n(.*?)```", README, re.S))
    done = subprocess.run(
        [sys.executable, "-c", examples], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "forecast.png").stat().st_size > 10_000
    return done.stdout


def test_the_ten_lines_order_something(printed):
    assert re.search(r"OrderPlan\([1-9]\d* of \d+ lines ordered", printed)
    assert re.search(r"item_\d{4} .* expected to", printed)


def test_the_policy_earns_more_than_the_practice(printed):
    cost = dict(re.findall(r"^(policy|baseline|clairvoyant) +([\d.]+)", printed, re.M))
    assert float(cost["clairvoyant"]) < float(cost["policy"]) < float(cost["baseline"])


def test_the_mapping_is_one_the_library_reads(tmp_path):
    (tmp_path / "chain.toml").write_text(re.findall(r"```toml\n(.*?)```", README, re.S)[0])
    sold = "receipt;sold_at;shop;article;qty;price\n1;02.01.2026 10:00;A;007;2;1,5\n"
    (tmp_path / "pos_export.csv").write_text(sold)
    (tmp_path / "items.csv").write_text("article;cost\n007;0,9\n")
    (tmp_path / "prices.csv").write_text("day;article;shop;shelf_price\n03.01.2026;007;A;1,6\n")
    tables = RetailTables.read(tmp_path, mapping=tmp_path / "chain.toml")
    assert tables.orders["item_id"].tolist() == ["007"]
    assert tables.orders["time"].tolist() == [pd.Timestamp("2026-01-02 10:00")]
    assert tables.orders["unit_price"].tolist() == [1.5]
    assert tables.items["unit_cost"].tolist() == [0.9]
    assert tables.prices["price"].tolist() == [1.6]


@pytest.mark.parametrize("line", re.findall(r"^newretail .*$", README, re.M))
def test_the_commands_exist_with_their_options(line):
    command = newretail.commands[line.split()[1]]
    known = {
        name
        for option in command.params
        if isinstance(option, click.Option)
        for name in option.opts
    }
    assert set(re.findall(r"--[a-z-]+", line)) <= known


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", README, re.M))))
def test_make_targets_exist(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)
