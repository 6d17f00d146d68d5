"""data/sample is what the generator makes, and its page names every column."""

from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.tables import RetailTables
from newretail_ml.world.__main__ import write_chain

SAMPLE_FOLDER = Path(__file__).resolve().parents[2] / "data" / "sample"
TABLES = ("orders", "items", "locations", "stock", "prices", "customers", "events")


@pytest.fixture(scope="module")
def sample() -> RetailTables:
    return RetailTables.read(SAMPLE_FOLDER)


@pytest.mark.parametrize("name", TABLES)
def test_the_generator_still_makes_the_sample(world, sample, name):
    pd.testing.assert_frame_equal(getattr(sample, name), getattr(world.tables, name))


def test_the_sample_has_the_fingerprint_of_the_world_it_came_from(world, sample):
    assert sample.fingerprint == world.tables.fingerprint


def test_the_sample_is_small():
    size = sum(file.stat().st_size for file in SAMPLE_FOLDER.iterdir())
    assert size < 5_000_000


def test_the_page_on_the_sample_names_every_table_and_column(world):
    page = (SAMPLE_FOLDER / "README.md").read_text(encoding="utf-8")
    for name in TABLES:
        assert f"`{name}`" in page
        for column in getattr(world.tables, name).columns:
            assert f"`{column}`" in page, f"{name}.{column}"


def test_writing_a_chain_keeps_what_else_is_in_the_folder(small, tmp_path):
    folder = tmp_path / "chain"
    folder.mkdir()
    (folder / "README.md").write_text("about it", encoding="utf-8")
    write_chain(small, folder)
    write_chain(small, folder)
    assert {file.name for file in folder.iterdir()} == {"README.md"} | {
        f"{name}.parquet" for name in TABLES
    }
    assert [file.name for file in tmp_path.iterdir()] == ["chain"]
    assert len(RetailTables.read(folder).locations) == 6
