"""Price lists by category: what is on them, what is not and why."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs.prices import PriceRules, PriceTask, SavedResponse
from newretail_ml.jobs.saved import save_model
from newretail_ml.panel import Panel
from newretail_ml.pricing import LocalLevelRegression
from newretail_ml.tables import RetailTables


@pytest.fixture(scope="module")
def answer(priced):
    return PriceTask(PriceRules(max_change=0.1, margin_floor=0.2))(priced)


def test_every_item_is_on_the_list_or_refused_with_a_reason(answer, priced_frames):
    listed, refused = answer.rows["item_id"].tolist(), answer.refused.set_index("item_id")["reason"]
    assert sorted([*listed, *refused.index]) == sorted(priced_frames["items"]["item_id"])
    assert refused.to_dict() == {
        "fan": "its unit cost is not known",
        "old": "it is delisted",
        "new": "it was never sold",
        "gold": "even the greatest change leaves its price below what its cost and margin need",
    }
    assert answer.rows_in == len(priced_frames["orders"])


def test_prices_move_towards_profit_and_keep_the_rules(answer):
    rows = answer.rows.set_index("item_id")
    assert rows["change"].abs().max() <= 0.1 + 1e-9
    assert rows.loc["tea", "identified"]
    assert rows.loc["tea", "profit_gain_lower"] <= rows.loc["tea", "profit_gain"]
    # Demand is known here: it falls with the price to the power of 2.5.
    for item, cost in {"tea": 1.2, "007": 3.0, "mate": 2.0}.items():
        now, new = rows.loc[item, ["current_price", "price"]]
        allowed = np.linspace(0.9 * now, 1.1 * now, 100)
        best = max((price - cost) * price**-2.5 for price in allowed)
        assert (new - cost) * new**-2.5 > 0.98 * best
    assert (rows["why"] != "").all()


def test_a_price_that_never_moved_stays_and_says_why(answer):
    salt = answer.rows.set_index("item_id").loc["salt"]
    assert salt["price"] == salt["current_price"]
    assert "never moved" in salt["why"]
    assert not salt["identified"]


def test_categories_do_not_know_of_one_another(answer, priced_frames, tmp_path):
    """The same prices, wherever the border between partitions runs."""
    parts = []
    for name, items in {"a": ["tea", "mate", "old", "new"], "b": ["007"]}.items():
        frames = {
            table: frame[frame["item_id"].isin(items)] for table, frame in priced_frames.items()
        }
        tables = RetailTables.from_frames(**frames)
        tables.write(tmp_path / name)
        (tmp_path / name / "extent.json").write_text(
            RetailTables.from_frames(**priced_frames).extent.to_json()
        )
        task = PriceTask(PriceRules(max_change=0.1, margin_floor=0.2))
        parts.append(task(tmp_path / name).rows)
    apart = pd.concat(parts).set_index("item_id")
    together = answer.rows.set_index("item_id").loc[apart.index]
    pd.testing.assert_frame_equal(apart, together, check_exact=True)


def test_an_item_without_category_is_priced_by_itself(answer):
    rows = answer.rows.set_index("item_id")
    assert pd.isna(rows.loc["007", "category"])
    assert rows.loc["tea", "category"] == "hot"


def test_prices_by_location(priced):
    rows = PriceTask(PriceRules(), per=("item_id", "location_id"))(priced).rows
    assert rows[["item_id", "location_id"]].duplicated().sum() == 0
    assert (rows["item_id"] == "tea").sum() == 2


def test_rules_that_contradict_refuse_the_category_alone(priced):
    rules = PriceRules(max_change=0.1, average_at_most=0.5)
    answer = PriceTask(rules)(priced)
    assert answer.rows.empty
    reasons = answer.refused.set_index("item_id")["reason"]
    assert reasons["tea"].startswith("no list for its category:")
    assert "'mean of price over current prices at most 0.5' cannot be kept" in reasons["tea"]


def test_new_prices_end_as_asked_and_old_ones_may_stay(priced):
    rows = PriceTask(PriceRules(max_change=0.1, endings=(".x9",)))(priced).rows
    moved = rows[rows["change"] != 0]
    assert len(moved)
    assert (np.round(moved["price"] * 100) % 10 == 9).all()
    stay = PriceTask(PriceRules(max_change=0.02, endings=("9.99",)))(priced).rows
    assert (stay["change"] == 0).all()
    assert set(stay["item_id"]) == set(rows["item_id"])


def test_prices_of_today_are_those_of_the_table(answer, priced_frames):
    last = priced_frames["prices"].groupby("item_id")["price"].last()
    here = answer.rows.set_index("item_id")["current_price"]
    assert (here == last[here.index]).all()


@pytest.mark.parametrize(
    ("lacks", "words"), [("prices", "no table of prices"), ("items", "unit costs are not known")]
)
def test_a_chain_without_prices_or_costs_is_told(priced_frames, tmp_path, lacks, words):
    frames = {name: frame for name, frame in priced_frames.items() if name != lacks}
    RetailTables.from_frames(**frames).write(tmp_path / "chain")
    with pytest.raises(DataError, match=words):
        PriceTask()(tmp_path / "chain")


def test_facts_tell_tasks_apart():
    tasks = [
        PriceTask(),
        PriceTask(PriceRules(0.2)),
        PriceTask(per=("item_id", "location_id")),
        PriceTask(until="2025-06-01"),
        PriceTask(seed=1),
        PriceTask(model=SavedResponse(Path("a"), "a", "1")),
        PriceTask(model=SavedResponse(Path("a"), "a", "2")),
    ]
    assert len({repr(task.facts()) for task in tasks}) == len(tasks)
    assert np.all([isinstance(task.facts(), dict) for task in tasks])


@pytest.fixture(scope="module")
def saved(priced, tmp_path_factory):
    panel = Panel.from_tables(RetailTables.read(priced))
    hot = panel.select((panel.statics["category"] == "hot").to_numpy())
    path = tmp_path_factory.mktemp("model") / "response.pkl"
    save_model(LocalLevelRegression().fit(hot), path)
    return SavedResponse.of(path)


def test_a_saved_model_prices_what_it_knows(answer, priced, saved):
    made = PriceTask(PriceRules(max_change=0.1, margin_floor=0.2), model=saved)(priced)
    assert made.rows["item_id"].tolist() == ["mate", "tea"]
    here, there = (one.rows.set_index("item_id") for one in (made, answer))
    assert here.loc["tea", "current_price"] == there.loc["tea", "current_price"]
    assert abs(here.loc["mate", "price"] - there.loc["mate", "price"]) < 0.1
    reasons = made.refused.set_index("item_id")["reason"]
    assert reasons["soap"] == "the model does not know it"
    assert reasons["old"] == "it is delisted"
    assert len(made.rows) + len(made.refused) == 9


def test_a_saved_model_starts_from_the_prices_of_today(priced_frames, saved, tmp_path):
    prices = priced_frames["prices"].assign(price=priced_frames["prices"]["price"] * 1.05)
    RetailTables.from_frames(**{**priced_frames, "prices": prices}).write(tmp_path / "chain")
    rows = PriceTask(model=saved)(tmp_path / "chain").rows.set_index("item_id")
    known = saved.load()
    before = known.prices[(known.keys["item_id"] == "tea").to_numpy()]
    assert rows.loc["tea", "current_price"] == pytest.approx(1.05 * before[0])
    assert rows.loc["tea", "identified"]


def test_what_is_no_price_model_is_told(tmp_path):
    save_model([1], tmp_path / "list.pkl")
    with pytest.raises(DataError, match="a list is not a demand response"):
        SavedResponse.of(tmp_path / "list.pkl").load()
