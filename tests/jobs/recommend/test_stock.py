"""What is on hand on the last day, from a stock table read a piece at a time."""

import pandas as pd
import pytest

from newretail_ml.jobs.recommend import offer_of
from newretail_ml.recommendation import available_items
from newretail_ml.tables import RetailTables, SourceMapping, pieces


@pytest.mark.parametrize("rows", [7, 24, 1000])
def test_pieces_give_what_the_whole_table_gives(
    members, in_one, tmp_path, monkeypatch, member_frames, rows
):
    shuffled = member_frames["stock"].sample(frac=1.0, random_state=1)
    folder = tmp_path / "chain"
    folder.mkdir()
    for name, frame in {**member_frames, "stock": shuffled}.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    monkeypatch.setattr(pieces.opened.__wrapped__, "__defaults__", (rows,))
    offer = offer_of(
        folder, SourceMapping(), in_one.partitions[0].folder, tmp_path / "out" / "offer.parquet"
    )
    expected = available_items(RetailTables.read(members))
    keys = ["item_id", "location_id"]
    pd.testing.assert_frame_equal(
        offer.read().sort_values(keys, ignore_index=True),
        expected.sort_values(keys, ignore_index=True),
    )


def test_without_a_stock_table_there_is_no_offer(members, in_one, tmp_path, member_frames):
    frames = {name: frame for name, frame in member_frames.items() if name != "stock"}
    RetailTables.from_frames(**frames).write(tmp_path / "chain")
    folder = in_one.partitions[0].folder
    assert offer_of(tmp_path / "chain", SourceMapping(), folder, tmp_path / "o.parquet") is None


def test_foreign_names_are_read_by_the_mapping(in_one, tmp_path, member_frames):
    folder = tmp_path / "chain"
    folder.mkdir()
    names = {"on_hand": "Bestand", "date": "Tag"}
    member_frames["orders"].to_csv(folder / "orders.csv", index=False)
    member_frames["stock"].rename(columns=names).to_csv(folder / "lager.csv", index=False)
    mapping = SourceMapping.of(
        {"stock": {"source": "lager", "columns": {"on_hand": "Bestand", "date": "Tag"}}}
    )
    offer = offer_of(folder, mapping, in_one.partitions[0].folder, tmp_path / "offer.parquet")
    assert offer.rows == 24
    assert (offer.read()["units"] == 0).sum() == 1
