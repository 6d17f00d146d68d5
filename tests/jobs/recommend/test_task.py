"""Slates by partition: everybody once, in stock, by one model."""

import pickle
from dataclasses import replace

import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.jobs.partitions import split
from newretail_ml.jobs.recommend import (
    Histories,
    RecommendTask,
    SavedRecommender,
    Slots,
    brought_up_to_date,
    fitted_on,
    offer_of,
)
from newretail_ml.jobs.saved import save_model
from newretail_ml.recommendation import PersonalFrequency, available_items
from newretail_ml.tables import RetailTables, SourceMapping

FAST = "personal-frequency"


@pytest.fixture(scope="module")
def offer(members, in_one, tmp_path_factory):
    file = tmp_path_factory.mktemp("offer") / "offer.parquet"
    return offer_of(members, SourceMapping(), in_one.partitions[0].folder, file)


def histories(split, most_lines=1_000_000):
    return Histories([part.folder for part in split.partitions], most_lines=most_lines)


def answers(task, split):
    return [task(part.folder) for part in split.partitions]


def test_one_partition_is_what_the_library_says_of_the_whole_chain(
    members, in_one, offer, tmp_path
):
    task = RecommendTask(fitted_on(histories(in_one), tmp_path, FAST), Slots(k=4), offer)
    (answer,) = answers(task, in_one)
    tables = RetailTables.read(members)
    model = PersonalFrequency().fit(Interactions.from_tables(tables))
    expected = model.recommend(k=4, available=available_items(tables))
    expected = expected.sort_values(["customer_id", "rank"], ignore_index=True)
    pd.testing.assert_frame_equal(answer.rows, expected)


def test_everybody_gets_one_slate_whatever_the_partitions(in_three, offer, tmp_path):
    task = RecommendTask(fitted_on(histories(in_three), tmp_path, FAST), Slots(k=4), offer)
    rows = pd.concat(answer.rows for answer in answers(task, in_three))
    assert rows["customer_id"].nunique() == 81
    assert (rows.groupby("customer_id").size() == 4).all()
    assert in_three.left_out == {"they name no customer_id": 50}
    assert sum(answer.rows_in for answer in answers(task, in_three)) == 1280


@pytest.mark.parametrize("name", [FAST, "ease", "popularity"])
def test_slates_do_not_depend_on_the_partitions(members, in_three, tmp_path, name):
    """Where all customers fit into memory, each is scored among all of them."""
    without_stock = split(members, tmp_path, "customer_id", 1, leave_out=("stock", "prices"))
    slots = Slots(k=4)
    whole, apart = (
        pd.concat(
            answer.rows
            for answer in answers(
                RecommendTask(fitted_on(histories(made), tmp_path, name), slots), made
            )
        ).sort_values(["customer_id", "rank"], ignore_index=True)
        for made in (without_stock, in_three)
    )
    pd.testing.assert_frame_equal(whole, apart, check_exact=True)


def test_what_a_shop_does_not_have_is_not_offered_there(in_three, offer, member_frames, tmp_path):
    task = RecommendTask(fitted_on(histories(in_three), tmp_path, FAST), Slots(k=12), offer)
    rows = pd.concat(answer.rows for answer in answers(task, in_three))
    home = member_frames["orders"].groupby("customer_id")["location_id"].first()
    shop = rows["customer_id"].map(home)
    assert "003" not in set(rows.loc[shop == "s1", "item_id"])
    assert "003" in set(rows.loc[shop == "s2", "item_id"])


def test_customers_without_a_slate_are_refused_with_a_reason(in_one, tmp_path, offer):
    nothing = tmp_path / "nothing.parquet"
    offer.read().assign(units=0.0).to_parquet(nothing)
    model = fitted_on(histories(in_one), tmp_path, FAST)
    (answer,) = answers(
        RecommendTask(model, Slots(), replace(offer, file=nothing, digest="none")), in_one
    )
    assert answer.rows.empty
    assert len(answer.refused) == 81
    assert set(answer.refused["reason"]) == {"nothing that may be offered to them is available"}


def test_the_model_is_fitted_once_and_on_no_more_than_asked_for(in_three, tmp_path):
    first = fitted_on(histories(in_three, 10), tmp_path, FAST)
    written = first.path.stat().st_mtime_ns
    again = fitted_on(histories(in_three, 10), tmp_path, FAST)
    assert again == first
    assert again.path.stat().st_mtime_ns == written
    assert first.load().interactions_.n_customers < 81
    assert fitted_on(histories(in_three), tmp_path, FAST).load().interactions_.n_customers == 81


def test_a_model_of_before_takes_the_orders_since(member_frames, in_three, tmp_path):
    frames = {name: frame for name, frame in member_frames.items() if name != "stock"}
    known = Interactions.from_tables(RetailTables.from_frames(**frames))
    model = PersonalFrequency().fit(known.until("2026-02-01"))
    save_model(model, tmp_path / "model.pkl")
    saved = SavedRecommender.of(tmp_path / "model.pkl")
    renewed = brought_up_to_date(saved, histories(in_three), tmp_path)
    assert renewed.up_to_date
    assert renewed.version == saved.version
    parts = pd.concat(one.rows for one in answers(RecommendTask(renewed, Slots(k=3)), in_three))
    newer = model.with_history(known).recommend(k=3)
    both = newer.merge(parts, on=["customer_id", "rank"], suffixes=("", "_apart"))
    assert len(both) == len(newer) == len(parts)
    assert (both["item_id"] == both["item_id_apart"]).all()


def test_where_memory_does_not_take_all_each_partition_brings_its_own_histories(
    members, in_three, tmp_path
):
    known = Interactions.from_tables(RetailTables.read(members))
    save_model(PersonalFrequency().fit(known.until("2026-02-01")), tmp_path / "model.pkl")
    saved = SavedRecommender.of(tmp_path / "model.pkl")
    assert brought_up_to_date(saved, histories(in_three, 10), tmp_path) is saved
    rows = pd.concat(one.rows for one in answers(RecommendTask(saved, Slots(k=3)), in_three))
    assert rows["customer_id"].nunique() == 81
    bought = known.between(known.events.time.min(), known.cut)
    often = bought.groupby(["customer_id", "item_id"]).size().rename("times").reset_index()
    top = rows[rows["rank"] == 1].merge(often, on=["customer_id", "item_id"])
    most = often.groupby("customer_id")["times"].max()
    assert len(top) == 80
    assert (top["times"] >= top["customer_id"].map(most) - 2).mean() > 0.9


def test_what_is_no_model_is_told(tmp_path, in_one):
    with pytest.raises(DataError, match="there is no model"):
        SavedRecommender.of(tmp_path / "none.pkl")
    with pytest.raises(DataError, match="0 files of models"):
        SavedRecommender.of(tmp_path)
    (tmp_path / "text.pkl").write_text("not a model")
    with pytest.raises(DataError, match="holds no model"):
        SavedRecommender.of(tmp_path / "text.pkl").load()
    (tmp_path / "other.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(DataError, match="is no recommender but a list"):
        SavedRecommender.of(tmp_path / "other.pkl").load()
    with pytest.raises(DataError, match=r"no recommender best\. Name one of two-stage-ranker"):
        fitted_on(histories(in_one), tmp_path, "best")


def test_facts_tell_tasks_apart(in_one, offer, tmp_path):
    model = fitted_on(histories(in_one), tmp_path, FAST)
    other = replace(model, version="2")
    tasks = [
        RecommendTask(model, Slots()),
        RecommendTask(other, Slots()),
        RecommendTask(model, Slots(k=5)),
        RecommendTask(model, Slots(mix=(("repeat", 6), ("discovery", 4)))),
        RecommendTask(model, Slots(exclude_bought=True)),
        RecommendTask(model, Slots(channel="app")),
        RecommendTask(model, Slots(), offer),
    ]
    assert len({repr(task.facts()) for task in tasks}) == len(tasks)
    moved = replace(model, path=tmp_path / "elsewhere.pkl")
    assert RecommendTask(moved, Slots()).facts() == tasks[0].facts()
