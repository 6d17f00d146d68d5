"""Slates for app, e-mail and screens, and the files they are written to."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates import app_slates, email_slates, screen_slates, write_slates
from tests.recommendation.slates.twins import made


def test_an_email_shows_nothing_twice_and_leaves_out_who_was_written_to():
    lists, _ = made(np.random.default_rng(0), 3, 6)
    best = lists.sort_values("chance", ascending=False).groupby("customer_id")["item_id"].first()
    shown = pd.DataFrame(
        {
            "customer_id": ["c0", "c1"],
            "item_id": [best["c0"], best["c1"]],
            "date": ["2026-05-01", "2026-05-06"],
        }
    )
    slates = email_slates(lists, day="2026-05-08", recently_shown=shown, k=6).slates
    assert set(slates["customer_id"]) == {"c0", "c2"}
    assert best["c0"] not in set(slates.loc[slates["customer_id"] == "c0", "item_id"])
    assert best["c2"] in set(slates.loc[slates["customer_id"] == "c2", "item_id"])
    with pytest.raises(DataError, match="every customer"):
        email_slates(lists[lists["customer_id"] == "c1"], day="2026-05-08", recently_shown=shown)


def test_an_app_takes_a_shops_stock_once():
    lists = pd.DataFrame(
        {"customer_id": list("abc"), "item_id": "hot", "score": 1.0, "chance": 1.0}
    )
    customers = pd.DataFrame({"customer_id": list("abc"), "home_location_id": "s1"})
    available = pd.DataFrame(
        {"item_id": "hot", "location_id": "s1", "channel": ["store", "online"], "units": 2}
    )
    plan = app_slates(lists, available=available, customers=customers, k=1)
    assert np.isclose(plan.purchases, 2.0)


def reach(chance, some):
    return (1 - np.prod(1 - chance[:, list(some)], axis=1)).sum()


def test_screens_reach_what_greedy_promises_and_the_gap_holds():
    rng = np.random.default_rng(1)
    for _ in range(10):
        lists, _ = made(rng, 6, 5, items=7)
        visitors = pd.DataFrame({"customer_id": [f"c{i}" for i in range(6)], "location_id": "s1"})
        chance = lists.pivot_table(index="customer_id", columns="item_id", values="chance").fillna(
            0.0
        )
        best = max(
            reach(chance.to_numpy(), some) for some in combinations(range(chance.shape[1]), 3)
        )
        slate = screen_slates(lists, visitors, k=3)
        got = reach(chance.to_numpy(), chance.columns.get_indexer(slate["item_id"]))
        assert np.isclose(slate["gain"].sum(), got)
        assert np.isclose(slate["reach"].iloc[-1], got / 6)
        assert (1 - 1 / np.e) * best <= got <= best + 1e-9
        assert best <= got / (1 - slate["gap"].iloc[0]) + 1e-9


def test_screens_are_made_by_place_and_moment_of_what_is_there():
    lists, _ = made(np.random.default_rng(2), 4, 6)
    visitors = pd.DataFrame(
        {
            "customer_id": ["c0", "c1", "c2", "c3", "stranger"],
            "location_id": ["s1", "s1", "s2", "s2", "s2"],
            "moment": [9, 17, 9, 9, 9],
            "visits": [1, 1, 2, 1, 1],
        }
    )
    items = sorted(lists["item_id"].unique())
    available = pd.DataFrame(
        {
            "item_id": items[:4] * 2,
            "location_id": np.repeat(["s1", "s2"], 4),
            "units": [0] + [5] * 7,
        }
    )
    made_slates = screen_slates(lists, visitors, k=2, available=available)
    assert made_slates.groupby(["location_id", "moment"]).ngroups == 3
    assert set(made_slates["item_id"]) <= set(items[:4])
    assert items[0] not in set(made_slates.loc[made_slates["location_id"] == "s1", "item_id"])
    with pytest.raises(DataError, match="no visitor"):
        screen_slates(lists, visitors[4:])


def test_files_hold_all_slates_and_a_rerun_replaces_them(tmp_path):
    lists, _ = made(np.random.default_rng(3), 50, 3)
    folder = tmp_path / "slates"
    for frame in (lists, lists.iloc[::-1]):
        manifest = json.loads(write_slates(frame, folder, partitions=4).read_text())
        parts = [pd.read_parquet(folder / file["file"]) for file in manifest["files"]]
        assert [len(part) for part in parts] == [file["rows"] for file in manifest["files"]]
        assert manifest["rows"] == 150 and manifest["keys"] == 50 and len(parts) == 4
        homes = pd.concat([part.assign(part=i) for i, part in enumerate(parts)])
        assert homes.groupby("customer_id")["part"].nunique().max() == 1
        both = homes[lists.columns].sort_values(["customer_id", "item_id"], ignore_index=True)
        pd.testing.assert_frame_equal(
            both,
            lists.sort_values(["customer_id", "item_id"], ignore_index=True),
            check_dtype=False,
        )
    write_slates(lists, folder, partitions=2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "_manifest.json",
        "part-00000.parquet",
        "part-00001.parquet",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["slates"]


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    lists, _ = made(np.random.default_rng(4), 5, 3)
    folder = tmp_path / "slates"
    write_slates(lists, folder, partitions=2)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(
        pd.DataFrame, "to_parquet", lambda *a, **k: (_ for _ in ()).throw(OSError("full"))
    )
    with pytest.raises(OSError, match="full"):
        write_slates(lists[:3], folder, partitions=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["slates"]


def test_other_files_are_not_replaced(tmp_path):
    lists, _ = made(np.random.default_rng(5), 2, 3)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"notes\.txt"):
        write_slates(lists, tmp_path)
    with pytest.raises(DataError, match="is a file"):
        write_slates(lists, tmp_path / "notes.txt")


def test_what_is_no_day_no_moment_and_no_table_is_refused(tmp_path):
    lists, _ = made(np.random.default_rng(0), 2, 3)
    shown = pd.DataFrame({"customer_id": ["c0"], "item_id": ["i0"], "date": ["2026-01-01"]})
    for day in ("foo", None):
        with pytest.raises(DataError, match="not dates"):
            email_slates(lists, day=day, recently_shown=shown)
    with pytest.raises(DataError, match="lists: a NoneType is not a table"):
        email_slates(None, day="2026-01-01", recently_shown=shown)
    visitors = pd.DataFrame({"customer_id": ["c0"], "location_id": "s", "moment": [None]})
    with pytest.raises(DataError, match=r"moment.*missing"):
        screen_slates(lists, visitors)
    with pytest.raises(DataError, match="slates: a list is not a table"):
        write_slates([1], tmp_path / "slates")
