"""Factor models: against slow twins, and against what is known to go wrong in implicit."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array, csr_matrix

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.factors import (
    AlternatingLeastSquares,
    BayesianPersonalizedRanking,
)
from newretail_ml.recommendation.factors.confidence import (
    chance_level,
    confidences,
    order_weights,
    strength,
)
from newretail_ml.recommendation.factors.implicit_package import as_csr_matrix, as_seed
from newretail_ml.recommendation.factors.solving import CustomerSolver

pytest.importorskip("implicit")


def two_tastes(seed: int = 0, n: int = 40, items: int = 12) -> pd.DataFrame:
    """Half of the customers buy the first half of the items, the others the second."""
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(n), 6)
    half = items // 2
    item = rng.integers(half, size=len(customer)) + half * (customer % 2)
    day = rng.integers(90, size=len(customer))
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:02}" for number in customer],
            "item_id": [f"i{number:02}" for number in item],
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D"),
            "units": 1.0,
        }
    )


FRAME = two_tastes()
KNOWN = Interactions.from_frame(FRAME)
MODELS = [
    AlternatingLeastSquares(factors=4, iterations=8),
    BayesianPersonalizedRanking(factors=4, learning_rate=0.1),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=["least squares", "ranking"])


@each_model
def test_lists_keep_to_the_customers_taste(model):
    lists = model.clone().fit(KNOWN).recommend(k=6)
    second = lists["item_id"] >= "i06"
    odd = lists["customer_id"].str[1:].astype(int) % 2 == 1
    assert (second == odd).mean() > 0.85
    similar = model.clone().fit(KNOWN).similar_items(["i00", "i11"], k=3)
    assert ((similar["item_id"] >= "i06") == (similar["similar_item_id"] >= "i06")).all()


@each_model
def test_scores_are_products_and_say_nothing_of_who_and_what_was_never_there(model):
    items = pd.DataFrame({"item_id": [*FRAME["item_id"].unique(), "never sold"]})
    people = pd.DataFrame({"customer_id": [*FRAME["customer_id"].unique(), "never came"]})
    known = Interactions.from_frame(FRAME, customers=people, items=items)
    fitted = model.clone().fit(known)
    scores = fitted._scores(np.arange(known.n_customers))
    bias = getattr(fitted, "item_bias_", np.zeros(known.n_items))
    for row, column in ((0, 0), (3, 7), (11, 2)):
        product = sum(fitted.customer_factors_[row] * fitted.item_factors_[column])
        assert scores[row, column] == pytest.approx(product + bias[column])
    silent = known.rows_of(["never came"])[0], known.columns_of(["never sold"])[0]
    assert np.isneginf(scores[silent[0]]).all()
    assert np.isneginf(scores[:, silent[1]]).all()
    assert np.isfinite(np.delete(np.delete(scores, silent[0], 0), silent[1], 1)).all()
    lists = fitted.recommend(["never came"], k=3)
    assert lists["reason"].str.contains("popular").all()


@each_model
def test_never_more_factors_than_the_data_has_directions(model):
    few = FRAME[FRAME["item_id"].isin(["i00", "i06"])]
    fitted = model.clone().fit(Interactions.from_frame(few))
    assert fitted.item_factors_.shape == (2, 2)


def test_customer_factors_are_the_least_squares_of_dense_matrices():
    rng = np.random.default_rng(1)
    items = rng.normal(size=(9, 3))
    sure = csr_matrix(np.where(rng.random((7, 9)) < 0.4, 1 + 5 * rng.random((7, 9)), 0.0))
    found = CustomerSolver(items, 0.7).factors(sure)
    for row in range(7):
        trust = sure[row].toarray().ravel()
        bought = (trust > 0).astype(float)
        weight = np.diag(np.where(trust > 0, trust, 1.0))
        system = items.T @ weight @ items + 0.7 * np.eye(3)
        expected = np.linalg.solve(system, items.T @ weight @ bought)
        np.testing.assert_allclose(found[row], expected, rtol=1e-10, atol=1e-12)


def test_item_factors_are_near_the_least_squares_of_the_customers():
    model = AlternatingLeastSquares(factors=3, iterations=60, half_life=None).fit(KNOWN)
    people, sure = model.customer_factors_, model._sure.toarray()
    strain = model.regularization * chance_level(model._sure)
    for column in range(KNOWN.n_items):
        weight = np.where(sure[:, column] > 0, sure[:, column], 1.0)
        system = (people.T * weight) @ people + strain * np.eye(3)
        expected = np.linalg.solve(system, people.T @ sure[:, column])
        np.testing.assert_allclose(model.item_factors_[column], expected, rtol=0.02, atol=0.01)


def test_contributions_of_what_was_bought_add_up_to_every_score():
    model = AlternatingLeastSquares(factors=5, iterations=5).fit(KNOWN)
    everything = np.arange(KNOWN.n_items)
    for row in (0, 5, 17):
        bought, adds = model._solver.contributions(model._sure, row, everything)
        assert set(bought) == set(KNOWN.counts[row].indices)
        score = model._scores(np.array([row]))[0]
        np.testing.assert_allclose(adds.sum(axis=1), score, rtol=1e-9, atol=1e-12)
    told = model.explain("c00", "i01")
    assert told["contribution"].iloc[:-1].sum() == pytest.approx(told["contribution"].iloc[-1])


def test_the_sum_of_small_parts_is_shown_as_one():
    basket = [("ann", f"i{number}", "2026-05-01") for number in range(15)]
    other = [("bob", f"i{number}", "2026-05-01") for number in range(14)]
    frame = pd.DataFrame(basket + other, columns=["customer_id", "item_id", "time"])
    model = AlternatingLeastSquares(factors=2).fit(Interactions.from_frame(frame))
    told = model.explain("bob", "i14")
    assert "4 other items bought" in told["part"].tolist()
    parts = told["contribution"].iloc[:-1].dropna()
    assert parts.sum() == pytest.approx(told["contribution"].iloc[-1])


def test_threads_change_nothing_and_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, four = (
            AlternatingLeastSquares(factors=4, iterations=4, n_threads=n).fit(KNOWN) for n in (1, 4)
        )
    assert np.array_equal(one.item_factors_, four.item_factors_)
    assert np.array_equal(one.customer_factors_, four.customer_factors_)


@each_model
def test_seeds_of_any_kind_work_and_are_not_drawn_from(model):
    for seed in (3, np.random.RandomState(3), np.random.default_rng(3)):
        parameters = model.get_params() | {"random_state": seed}
        first, second = (type(model)(**parameters).fit(KNOWN).recommend(k=5) for _ in range(2))
        pd.testing.assert_frame_equal(first, second)
    other = np.random.default_rng(3)
    as_seed(other)
    assert other.random() == np.random.default_rng(3).random()
    assert as_seed(np.random.RandomState(3)) != as_seed(np.random.RandomState(4))


def test_any_sparse_class_becomes_the_one_that_is_taken():
    dense = np.array([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])
    for given in (csr_array(dense), csr_matrix(dense).tocoo(), csr_matrix(dense).tocsc()):
        made = as_csr_matrix(given)
        assert type(made) is csr_matrix
        assert made.indices.dtype == made.indptr.dtype == np.int32
        assert made.has_sorted_indices
        assert np.array_equal(made.toarray(), dense)


@each_model
def test_lists_have_neither_what_is_left_out_nor_gaps(model):
    fitted = model.clone().fit(KNOWN)
    some = ["i00", "i01", "i02", "i06"]
    lists = fitted.recommend(k=3, available=some, exclude_bought=True)
    bought = set(zip(FRAME["customer_id"], FRAME["item_id"], strict=True))
    for customer, one in lists.groupby("customer_id"):
        left = [item for item in some if (customer, item) not in bought]
        assert len(one) == min(3, len(left))
        assert set(one["item_id"]) <= set(left)


def test_what_was_bought_can_be_in_a_list():
    lists = AlternatingLeastSquares(factors=4).fit(KNOWN).recommend(k=3)
    assert (lists["slot"] == "repeat").any()


@each_model
def test_a_reload_and_a_clone_give_the_same_lists(model):
    fitted = model.clone().fit(KNOWN)
    lists = fitted.recommend(k=4)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fitted)).recommend(k=4), lists)
    pd.testing.assert_frame_equal(fitted.clone().fit(KNOWN).recommend(k=4), lists)


def test_new_customers_get_the_factors_that_their_history_calls_for():
    model = AlternatingLeastSquares(factors=4).fit(KNOWN)
    twin = FRAME[FRAME["customer_id"] == "c05"].assign(customer_id="new")
    late = model.with_history(Interactions.from_frame(twin))
    assert late.item_factors_ is model.item_factors_
    expected = model.customer_factors_[KNOWN.rows_of(["c05"])[0]]
    np.testing.assert_allclose(late.customer_factors_[0], expected, rtol=1e-9)


def test_older_orders_and_returns_make_us_less_sure():
    frame = pd.DataFrame(
        {
            "customer_id": ["ann", "ann", "ann", "bob", "bob", "bob"],
            "item_id": ["tea", "tea", "jam", "tea", "jam", "jam"],
            "time": ["2026-05-01", "2026-05-31", "2026-05-31", "2025-01-01", "2025-01-01"] * 1
            + ["2025-01-02"],
            "units": [1.0, 1.0, 4.0, 2.0, 1.0, -1.0],
        }
    )
    known = Interactions.from_frame(frame)
    place = (known.rows_of(["ann", "ann", "bob", "bob"]), known.columns_of(["tea", "jam"] * 2))
    shown = strength(known, 30.0, False).toarray()
    assert shown[place] == pytest.approx([1.5, 1.0, 1.0, 0.0])
    assert strength(known, None, False).toarray()[place] == pytest.approx([2.0, 1.0, 1.0, 0.0])
    logarithmic = strength(known, None, True).toarray()[place]
    assert logarithmic == pytest.approx([np.log2(3), 1.0, 1.0, 0.0])
    half = frame.assign(units=[1.0, 1.0, 4.0, 2.0, 2.0, -1.0])
    kept = strength(Interactions.from_frame(half), None, False)
    assert sorted(kept.data) == pytest.approx([0.5, 1.0, 1.0, 2.0])
    assert order_weights(known, 30.0).max() == 1.0


def test_all_brought_back_leaves_nothing_to_say():
    frame = pd.DataFrame(
        {"customer_id": "ann", "item_id": "tea", "time": ["2026-05-01", "2026-05-02"]}
    ).assign(units=[1.0, -1.0])
    lists = AlternatingLeastSquares().fit(Interactions.from_frame(frame)).recommend(k=1)
    assert lists["reason"].tolist() == ["popular"]


def test_confidences_mean_the_same_on_any_scale():
    shown = csr_matrix(np.array([[1.0, 0.0, 3.0], [2.0, 0.0, 0.0]]))
    once = confidences(shown, 5.0, shown.data.mean())
    tenfold = confidences(shown * 10, 5.0, 10 * shown.data.mean())
    np.testing.assert_allclose(once.data, tenfold.data)
    assert once.data.mean() == pytest.approx(6.0)


def test_chance_alone_reaches_the_chance_level():
    rng = np.random.default_rng(4)
    values = csr_matrix(rng.normal(size=(300, 200)))
    largest = np.linalg.norm(values.toarray(), 2)
    assert chance_level(values) == pytest.approx(largest, rel=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        AlternatingLeastSquares(factors=0),
        AlternatingLeastSquares(regularization=0.0),
        AlternatingLeastSquares(weight=-1.0),
        AlternatingLeastSquares(half_life=0.0),
        AlternatingLeastSquares(iterations=1.5),
        AlternatingLeastSquares(n_threads=0),
        BayesianPersonalizedRanking(learning_rate=np.nan),
        BayesianPersonalizedRanking(regularization=-1.0),
        BayesianPersonalizedRanking(evenly=1.0),
        BayesianPersonalizedRanking(most_steps=0),
    ],
    ids=repr,
)
def test_parameters_that_cannot_be_are_refused(wrong):
    with pytest.raises(DataError, match="is"):
        wrong.fit(KNOWN)


@each_model
def test_without_the_package_one_is_told_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "implicit", None)
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[recommendation\]"):
        model.clone().fit(KNOWN)


def test_the_package_is_imported_when_it_is_needed():
    code = "import sys, newretail_ml.recommendation.factors; print('implicit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
