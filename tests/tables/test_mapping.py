import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import Cleaning, RetailTables, SourceMapping

FOREIGN = {
    "order_id": "Receipt",
    "time": "When",
    "item_id": "Article",
    "units": "Pieces",
    "unit_price": "Each",
}


@pytest.fixture
def foreign(orders: pd.DataFrame) -> pd.DataFrame:
    return orders[list(FOREIGN)].rename(columns=FOREIGN)


def test_foreign_names_and_constants(foreign):
    mapping = {"orders": {"columns": FOREIGN, "constants": {"channel": "web", "location_id": 7}}}
    orders = RetailTables.from_frames(foreign, mapping=mapping).orders
    assert orders["item_id"].tolist() == ["tea", "cup", "tea", "cup"]
    assert set(orders["channel"]) == {"web"}
    assert set(orders["location_id"]) == {"7"}


def test_a_mapped_column_replaces_one_of_the_same_name(foreign):
    mapping = {"orders": {"columns": FOREIGN}}
    tables = RetailTables.from_frames(foreign.assign(units="crate"), mapping=mapping)
    assert tables.orders["units"].sum() == 2.25
    assert "units" in tables.report.actions.set_index("what").loc["extra columns", "why"]


def test_one_foreign_column_may_serve_twice(foreign):
    columns = {**FOREIGN, "customer_id": "Receipt"}
    orders = RetailTables.from_frames(foreign, mapping={"orders": {"columns": columns}}).orders
    assert orders["customer_id"].equals(orders["order_id"].rename("customer_id"))


def test_static_attributes_may_be_renamed(orders, frames):
    items = frames["items"].rename(columns={"weight": "Gewicht"})
    mapping = {"items": {"columns": {"weight": "Gewicht"}}}
    tables = RetailTables.from_frames(orders, items=items, mapping=mapping)
    assert tables.items["weight"].tolist() == [0.3, 0.1]


def test_a_file_a_dict_and_an_object_say_the_same(tmp_path, foreign):
    path = tmp_path / "ours.toml"
    lines = [f'{name} = "{column}"' for name, column in FOREIGN.items()]
    path.write_text("\n".join(["[orders.columns]", *lines, "[cleaning]", 'duplicates = "keep"']))
    from_file = SourceMapping.of(path)
    content = {"orders": {"columns": FOREIGN}, "cleaning": {"duplicates": "keep"}}
    assert from_file == SourceMapping.of(str(path)) == SourceMapping.of(content)
    assert SourceMapping.of(from_file) is from_file
    assert len(RetailTables.from_frames(foreign, mapping=from_file).orders) == 4


def test_cleaning_in_python_wins():
    mapping = SourceMapping.of({"cleaning": {"cancelled": "C"}})
    assert mapping.with_cleaning(Cleaning()).cleaning.cancelled is None
    assert mapping.with_cleaning(None).cleaning.cancelled == "C"


def test_the_mapping_that_comes_along_is_found_by_name():
    mapping = SourceMapping.of("online_retail")
    assert mapping.table("orders").foreign_name("units") == "Quantity"
    assert mapping.cleaning.cancelled == "C"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"ordres": {}}, "ordres.*Use only items, .*orders, cleaning"),
        ({"orders": {"colums": {}}}, "colums.*source, columns, constants"),
        ({"orders": {"columns": {"quantity": "Q"}}}, "quantity.*order_id, time"),
        ({"orders": {"constants": {"chanel": "web"}}}, "chanel"),
        ({"orders": 3}, "not a table"),
        ({"cleaning": {"timezones": "UTC"}}, "timezones.*timezone"),
        ("nowhere", "online_retail"),
    ],
)
def test_what_means_nothing_is_refused_with_what_is_allowed(mapping, words):
    with pytest.raises(DataError, match=words):
        SourceMapping.of(mapping)


def test_toml_that_is_none(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text("[orders\n")
    with pytest.raises(DataError, match=r"ours\.toml is not valid TOML"):
        SourceMapping.of(path)


def test_a_foreign_column_that_is_not_there(orders):
    mapping = {"orders": {"columns": {"units": "Pieces"}}}
    with pytest.raises(DataError, match=r"'Pieces'.*found: order_id") as caught:
        RetailTables.from_frames(orders, mapping=mapping)
    assert caught.value.column == "units"


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ({"source": 3}, "source = 3, which is not text"),
        ({"columns": {"units": ["Pieces"]}}, r"columns.units = \['Pieces'\], which is not text"),
        ({"constants": {"channel": ["web"]}}, r"channel = \['web'\], which is not a value"),
    ],
)
def test_values_of_the_wrong_kind_are_named(orders, said):
    with pytest.raises(DataError, match=said):
        SourceMapping.of({"orders": orders})
