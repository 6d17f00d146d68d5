"""Lists from anywhere, against a slow twin, with whatever tables hold."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import evaluate
from tests.recommendation.judging import twin

ACCURACY = ["ndcg", "recall", "precision", "average_precision", "hit_rate", "reciprocal_rank"]
VARIETY = ["repeat_share", "novelty", "diversity"]
MEASURES = [*ACCURACY, *VARIETY]


def random_case(seed: int, n_customers: int = 25, n_items: int = 12):
    rng = np.random.default_rng(seed)

    def pairs(n: int) -> pd.DataFrame:
        customer = rng.integers(0, n_customers, n)
        item = rng.integers(0, n_items, n)
        return pd.DataFrame(
            {"customer_id": [f"c{one}" for one in customer], "item_id": [f"i{i}" for i in item]}
        )

    history, truth = pairs(120), pairs(60)
    history["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, 120), "D")
    rows = []
    for customer in history["customer_id"].unique():
        shown = rng.permutation(n_items + 2)[: rng.integers(0, 8)]
        rows += [(customer, f"i{item}", rank) for rank, item in enumerate(shown, start=1)]
    lists = pd.DataFrame(rows, columns=["customer_id", "item_id", "rank"])
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)]})
    items["category"] = [("a", "b", None)[i % 3] for i in range(n_items)]
    return history, truth, lists, items


def by_hand(history, truth, lists, k, view, category):
    known = set(history["customer_id"]), set(history["item_id"])
    bought = set(zip(history["customer_id"], history["item_id"], strict=True))
    true: dict[str, set[str]] = {}
    for customer, item in zip(truth["customer_id"], truth["item_id"], strict=True):
        asked = view == "next" or (customer, item) not in bought
        if asked and customer in known[0] and item in known[1]:
            true.setdefault(customer, set()).add(item)
    rows = []
    for customer in sorted(true):
        mine = lists[(lists["customer_id"] == customer) & (lists["rank"] <= k)]
        shown = mine.sort_values("rank")["item_id"].tolist()
        rows.append(
            {"customer_id": customer}
            | twin.measures(shown, true[customer], k)
            | twin.variety(customer, shown, history, category)
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize("view", ["next", "discovery"])
@pytest.mark.parametrize("by_category", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_every_measure_is_that_of_the_twin(seed, by_category, view):
    history, truth, lists, items = random_case(seed)
    known = Interactions.from_frame(history, items=items if by_category else None)
    category = dict(items[items["category"].notna()].to_numpy()) if by_category else None
    for k in (4, 20):
        found = evaluate(lists, truth, known, k, view=view).by_customer
        expected = by_hand(history, truth, lists, k, view, category)
        assert found["customer_id"].tolist() == expected["customer_id"].tolist()
        for name in MEASURES:
            assert found[name].to_numpy() == pytest.approx(
                expected[name].to_numpy(), nan_ok=True
            ), name


def test_coverage_counts_known_items_in_lists_of_the_judged():
    history, truth, lists, _ = random_case(4)
    judged = evaluate(lists, truth, history, 3)
    customers = set(judged.by_customer["customer_id"])
    shown = lists[lists["customer_id"].isin(customers) & (lists["rank"] <= 3)]["item_id"]
    known = set(history["item_id"])
    assert judged.coverage["coverage"].item() == len(set(shown) & known) / len(known)


def test_without_a_history_accuracy_is_all_there_is():
    _, truth, lists, _ = random_case(5)
    judged = evaluate(lists, truth, k=5)
    assert judged.measures == ACCURACY
    assert set(judged.by_customer["customer_id"]) == set(truth["customer_id"])
    assert "ndcg" in repr(judged)
    with pytest.raises(DataError, match="without a history"):
        evaluate(lists, truth, k=5, view="discovery")
    with pytest.raises(DataError, match=r"labels\.activity"):
        judged.by_segment()


def test_repetition_earns_nothing():
    truth = pd.DataFrame({"customer_id": "a", "item_id": ["x", "x", "y"]})
    lists = pd.DataFrame({"customer_id": "a", "item_id": ["x", "z", "y"], "rank": [1, 2, 3]})
    plain = evaluate(lists, truth, k=3).by_customer
    assert plain["true_items"].tolist() == [2]
    again = evaluate(pd.concat([lists] * 3), pd.concat([truth] * 4), k=3).by_customer
    pd.testing.assert_frame_equal(again, plain)
    doubled = pd.DataFrame({"customer_id": "a", "item_id": ["x", "x", "y"], "rank": [1, 2, 3]})
    wasted = evaluate(doubled, truth, k=3).by_customer
    assert wasted[ACCURACY].equals(plain[ACCURACY])
    assert wasted["shown"].tolist() == [2]
    whole = pd.DataFrame({"customer_id": "a", "item_id": ["x"] * 3, "rank": [1, 2, 3]})
    alone = evaluate(whole, truth, k=3).by_customer.iloc[0]
    assert (alone["precision"], alone["recall"]) == (1 / 3, 1 / 2)


def test_a_customer_without_a_list_counts():
    truth = pd.DataFrame({"customer_id": ["a", "b"], "item_id": ["x", "x"]})
    lists = pd.DataFrame({"customer_id": ["a", "c"], "item_id": ["x", "x"], "rank": [1, 1]})
    assert evaluate(lists, truth, k=1).table()["ndcg"].item() == 0.5
    assert evaluate(lists.iloc[:0], truth, k=1).table()["ndcg"].item() == 0.0


def test_rows_and_names_of_ids_and_types_change_nothing():
    history, truth, lists, _ = random_case(6)
    expected = evaluate(lists, truth, history, 5).table()
    rng = np.random.default_rng(0)
    shuffled = [frame.iloc[rng.permutation(len(frame))] for frame in (lists, truth, history)]
    assert evaluate(*shuffled, 5).table().equals(expected)
    numbered = [
        frame.assign(
            user_id=frame["customer_id"].str[1:].astype(int),
            item_id=frame["item_id"].str[1:].astype(int),
        ).drop(columns="customer_id")
        for frame in (lists, truth, history)
    ]
    pd.testing.assert_frame_equal(evaluate(*numbered, 5).table(), expected)


def test_a_higher_score_comes_first():
    history, truth, lists, _ = random_case(7)
    scored = lists.assign(score=-2.5 * lists["rank"]).drop(columns="rank")
    found = evaluate({"ranks": lists, "scores": scored}, truth, history, 4)
    assert found.models == ["ranks", "scores"]
    assert found.compare()["difference"].tolist() == [0.0]
    doubled = pd.DataFrame({"customer_id": "a", "item_id": ["x", "x", "y"], "score": [3, 2, 1]})
    true_y = pd.DataFrame({"customer_id": ["a"], "item_id": ["y"]})
    assert evaluate(doubled, true_y, k=3).table()["reciprocal_rank"].item() == 1 / 3


def test_hits_are_worth_their_units_and_lists_what_ranks_sell():
    history = pd.DataFrame({"customer_id": ["a", "b"], "item_id": ["x", "y"]})
    truth = pd.DataFrame({"customer_id": ["a", "b"], "item_id": ["x", "y"], "units": [3, 1]})
    lists = pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "item_id": ["x", "y", "x"], "rank": [1, 2, 1]}
    )
    prices = pd.DataFrame({"item_id": ["x", "y"], "price": [2.0, 5.0], "unit_cost": [1.5, 3.0]})
    for known in (history, None):
        table = evaluate(lists, truth, known, 2, prices=prices).by_customer
        assert table["revenue"].tolist() == [6.0, 0.0]
        assert table["margin"].tolist() == [1.5, 0.0]
        # Rank 1 is bought by one of two, rank 2 by nobody.
        assert table["expected_margin"].tolist() == [0.25, 0.25]
    assert "margin" not in evaluate(lists, truth, history, 2).by_customer
    without = evaluate(lists, truth, history, 2, prices=prices.drop(columns="unit_cost"))
    assert {"revenue"} == {"revenue", "margin"} & set(without.by_customer)


def test_only_what_could_be_offered_is_true():
    history = pd.DataFrame({"customer_id": ["a", "b"], "item_id": ["x", "y"]})
    truth = pd.DataFrame({"customer_id": ["a", "a", "b"], "item_id": ["x", "y", "y"]})
    lists = pd.DataFrame({"customer_id": ["a", "b"], "item_id": ["x", "x"], "rank": [1, 1]})
    judged = evaluate(lists, truth, history, 1, available=["x"])
    assert judged.by_customer["customer_id"].tolist() == ["a"]
    assert judged.by_customer["recall"].tolist() == [1.0]
    assert "66.7% of what was bought is of items that the customer could not" in judged.notes[0]
    with pytest.raises(DataError, match="nothing true"):
        evaluate(lists, truth, history, 1, available=["z"])


TRUE = pd.DataFrame({"customer_id": ["a"], "item_id": ["x"]})
GOOD = pd.DataFrame({"customer_id": ["a"], "item_id": ["x"], "rank": [1]})


@pytest.mark.parametrize(
    ("lists", "truth", "options", "words"),
    [
        (pd.concat([GOOD, GOOD.assign(item_id="y")]), TRUE, {}, r"lists\.rank: items .* share"),
        (GOOD.assign(rank=0), TRUE, {}, "whole numbers from 1"),
        (GOOD.assign(rank=1.5), TRUE, {}, "whole numbers from 1"),
        (GOOD.assign(rank=np.nan), TRUE, {}, "whole numbers from 1"),
        (GOOD.assign(rank=np.inf), TRUE, {}, "whole numbers from 1"),
        (GOOD.assign(rank="first"), TRUE, {}, "whole numbers from 1"),
        (GOOD.drop(columns="rank"), TRUE, {}, "neither a rank nor a score"),
        (GOOD.drop(columns="rank").assign(score="good"), TRUE, {}, "are no numbers"),
        (GOOD.drop(columns="item_id"), TRUE, {}, r"lists\.item_id"),
        (GOOD.assign(item_id=None), TRUE, {}, "are missing"),
        ([["a", "x"]], TRUE, {}, "there are no lists"),
        ({}, TRUE, {}, "there are no lists"),
        ({"one": [1]}, TRUE, {}, "one: a list is no table"),
        (GOOD, TRUE.iloc[:0], {}, "nothing true"),
        (GOOD, TRUE.assign(units=-1), {}, "nothing true"),
        (GOOD, TRUE.assign(units=np.nan), {}, "are no numbers"),
        (GOOD, "x", {}, "truth: a str is no table"),
        (GOOD, TRUE, {"k": 0}, "k is 0"),
        (GOOD, TRUE, {"view": "later"}, "is no view"),
        (GOOD, TRUE, {"history": 3}, "is no history"),
        (GOOD, TRUE, {"prices": pd.DataFrame({"item_id": ["x"]})}, r"prices\.price"),
        (GOOD, TRUE, {"prices": pd.DataFrame({"item_id": ["x"], "price": [-1]})}, "no amounts"),
        (GOOD, TRUE, {"prices": pd.DataFrame({"item_id": ["x"] * 2, "price": 1.0})}, "share"),
    ],
)
def test_bad_tables_are_named(lists, truth, options, words):
    with pytest.raises(DataError, match=words):
        evaluate(lists, truth, **options)
