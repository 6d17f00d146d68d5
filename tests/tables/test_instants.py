"""INT96, as Spark writes timestamps unless told otherwise, is an instant in UTC."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newretail_ml import RetailTables
from newretail_ml.errors import DataError
from newretail_ml.jobs import split

EVENING = pd.Timestamp("2026-07-19 23:58")
MAPPING = '[cleaning]\ntimezone = "America/New_York"\n'


@pytest.fixture(params=["one file", "parts"])
def source(request, tmp_path) -> Path:
    """A sale late in the evening, as a session in New York writes it."""
    instant = EVENING.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
    line = {"order_id": ["1"], "item_id": ["tea"], "units": [1.0], "unit_price": [2.0]}
    table = pa.table({**line, "time": pa.array([instant], pa.timestamp("us"))})
    folder = tmp_path / "chain"
    file = folder / ("orders.parquet" if request.param == "one file" else "orders/part-0.parquet")
    file.parent.mkdir(parents=True)
    pq.write_table(table, file, use_deprecated_int96_timestamps=True)
    return folder


def test_it_is_not_taken_for_a_wall_clock(source):
    with pytest.raises(DataError, match=r"orders\.time: times carry a time zone"):
        RetailTables.read(source)


def test_it_is_the_evening_by_the_clock_of_the_chain(source, tmp_path):
    mapping = tmp_path / "chain.toml"
    mapping.write_text(MAPPING)
    assert RetailTables.read(source, mapping=mapping).orders["time"].tolist() == [EVENING]
    (part,) = split(source, tmp_path / "work", "item_id", 1, mapping).partitions
    assert RetailTables.read(part.folder).orders["time"].tolist() == [EVENING]
