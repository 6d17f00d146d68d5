"""CSV files with semicolons, decimal commas and days before months, whole and piece by piece."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from newretail_ml import DataError, RetailTables
from newretail_ml.tables.csv_format import CsvFormat
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.pieces import opened

USUAL = {
    "orders": """order_id,time,shop,item_id,units,unit_price,note
1,2025-12-31 09:05:00,A,007,2,1.5,
2,2026-01-02,A,007,0.25,12,"a; b"
3,2026-01-03 18:30,A,008,1,1000.75,0.5
""",
    "items": "item_id,unit_cost,launch_date\n007,0.85,2025-02-01\n008,700,\n",
    "prices": "date,item_id,shop,price\n2026-01-04,007,A,1.25\n2026-01-05,007,A,1\n",
}
GERMAN = {
    "orders": """order_id;time;shop;item_id;units;unit_price;note
1;31.12.2025 09:05:00;A;007;2;1,5;
2;2.1.2026;A;007;0,25;12;"a; b"
3;03/01/2026 18:30;A;008;1;1000,75;0,5
""",
    "items": "item_id;unit_cost;launch_date\n007;0,85;01.02.2025\n008;700;\n",
    "prices": "date;item_id;shop;price\n04.01.2026;007;A;1,25\n05.01.2026;007;A;1\n",
}
SHOPS = {name: {"columns": {"location_id": "shop"}} for name in ("orders", "prices")}
CSV = {"separator": ";", "decimal": ",", "day_first": True}
MAPPING = {**SHOPS, "csv": CSV}
TABLES = tuple(USUAL)


def written(folder, texts):
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def pieces(folder, mapping, table):
    chosen = SourceMapping.of(mapping)
    with opened(folder, chosen, rows=2) as source:
        return pd.concat(list(source.pieces(table)))


@pytest.fixture
def german(tmp_path):
    return written(tmp_path / "german", GERMAN)


@pytest.fixture
def usual(tmp_path):
    return written(tmp_path / "usual", USUAL)


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_those_of_the_usual_format(german, usual, table):
    ours = getattr(RetailTables.read(german, mapping=MAPPING), table)
    assert_frame_equal(ours, getattr(RetailTables.read(usual, mapping=SHOPS), table))
    assert len(ours) >= 2


@pytest.mark.parametrize("table", ["orders", "prices"])
def test_pieces_are_those_of_the_usual_format(german, usual, table):
    ours, theirs = pieces(german, MAPPING, table), pieces(usual, SHOPS, table)
    numbers = ["units", "unit_price"] if table == "orders" else ["price"]
    for name in numbers:
        assert ours[name].astype(float).tolist() == theirs[name].astype(float).tolist()
    dates = "time" if table == "orders" else "date"
    assert ours[dates].tolist() == theirs[dates].tolist()
    assert ours["shop"].tolist() == ["A"] * len(theirs)


def test_parts_in_a_folder_are_read_as_one_file(german, tmp_path):
    whole = RetailTables.read(german, mapping=MAPPING)
    header, *rows = GERMAN["orders"].splitlines(keepends=True)
    (german / "orders.csv").unlink()
    (german / "orders.csv").mkdir()
    for number, row in enumerate(rows):
        (german / "orders.csv" / f"part-{number}.csv").write_text(header + row)
    parts = RetailTables.read(german, mapping=MAPPING).orders
    assert_frame_equal(parts, whole.orders)
    assert len(pieces(german, MAPPING, "orders")) == 3


def test_semicolons_without_a_word_are_named_with_the_option(german):
    told = r"';' between.*\[csv\] separator = \";\", and decimal"
    with pytest.raises(DataError, match=told):
        RetailTables.read(german, mapping=SHOPS)
    with pytest.raises(DataError, match=told):
        pieces(german, SHOPS, "orders")


def test_commas_where_semicolons_are_expected_are_named_too(usual):
    with pytest.raises(DataError, match=r"',' between its cells, and no ';'"):
        RetailTables.read(usual, mapping=MAPPING)


def test_days_first_without_a_word_are_no_dates(german):
    mapping = {**SHOPS, "csv": {**CSV, "day_first": False}}
    with pytest.raises(DataError, match="day_first = true"):
        RetailTables.read(german, mapping=mapping)


@pytest.mark.parametrize("wrong", ["1.000,75", "1000.75"])
def test_a_point_in_a_number_is_refused_rather_than_guessed(german, wrong):
    spoilt = GERMAN["orders"].replace("1000,75", wrong)
    (german / "orders.csv").write_text(spoilt)
    for read in (
        lambda: RetailTables.read(german, mapping=MAPPING),
        lambda: pieces(german, MAPPING, "orders"),
    ):
        with pytest.raises(DataError, match="a number with a point") as refused:
            read()
        assert wrong in str(refused.value)
        assert "unit_price" in str(refused.value)


def test_a_file_that_was_cut_off_is_noticed_among_semicolons(german):
    (german / "orders.csv").write_text(GERMAN["orders"] + "4;02.01.2026;A")
    with pytest.raises(DataError, match="cut off"):
        RetailTables.read(german, mapping=MAPPING)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"separator": "x"}, "separator of the mapping is 'x'"),
        ({"decimal": 5}, "decimal of the mapping is 5"),
        ({"day_first": "yes"}, "day_first of the mapping is 'yes'"),
        ({"day_first": 1}, "day_first of the mapping is 1"),
        ({"decimal": ","}, "both between cells and before decimals"),
        ({"seperator": ";"}, "unknown keys: seperator"),
    ],
)
def test_what_is_no_format_is_refused(options, told):
    with pytest.raises(DataError, match=told) as refused:
        SourceMapping.of({"csv": options})
    assert refused.value.next_step


def test_the_usual_format_changes_nothing(tmp_path):
    frame = pd.DataFrame({"units": ["1.5"], "date": ["31.12.2025"]})
    assert CsvFormat().usual(frame, ["units"], ["date"], tmp_path).equals(frame)
