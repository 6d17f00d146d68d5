"""What the regression refuses, leaves out, and keeps unchanged."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation import block_bootstrap, estimate


@pytest.fixture
def frame():
    rng = np.random.default_rng(4)
    n = 240
    frame = pd.DataFrame(
        {
            "store": np.repeat(np.arange(12), 20),
            "week": np.tile(np.arange(20), 12),
            "cost": rng.standard_normal(n),
            "noise": rng.standard_normal(n),
        }
    )
    frame["price"] = frame["cost"] + 0.5 * frame["noise"]
    frame["sales"] = 2 - 3 * frame["price"] + frame["noise"] + 0.1 * frame["store"]
    frame["units"] = rng.poisson(np.exp(0.2 * frame["sales"]))
    return frame


def refused(frame, *args, match, **options):
    with pytest.raises(DataError, match=match) as found:
        estimate(frame, *args, **options)
    return found.value


@pytest.mark.parametrize("family", ["linear", "poisson"])
def test_collinear_prices_are_named(frame, family):
    frame["other"] = 1.0 + 2 * frame["price"]
    outcome = "units" if family == "poisson" else "sales"
    error = refused(
        frame,
        outcome,
        ["cost", "price", "other"],
        absorb="store",
        family=family,
        match="other is perfectly collinear with price",
    )
    assert error.column == "other"
    assert "cost" not in error.problem


def test_a_sum_of_prices_names_all_of_them(frame):
    frame["total"] = frame["price"] + frame["cost"]
    refused(
        frame,
        "sales",
        ["price", "cost", "total"],
        match="total is .* collinear with price and cost",
    )


@pytest.mark.parametrize("absorb", [["store"], ["store", "week"], ["week", ("store", "week")]])
def test_prices_without_variation_inside_the_effects_are_named(frame, absorb):
    frame["list_price"] = 1e3 + np.sqrt(frame["store"] + 2.0)
    refused(frame, "sales", ["list_price"], absorb=absorb, match="list_price|no rows are left")


def test_a_constant_price_without_effects_is_named(frame):
    refused(frame.assign(price=2.0), "sales", ["price"], match="price does not vary")


@pytest.mark.parametrize("level", [1.0, 1e6])
def test_little_variation_is_enough(frame, level):
    moved = frame.assign(price=level + 1e-3 * frame["price"])
    plain = estimate(frame, "sales", ["price"], absorb="store")
    small = estimate(moved, "sales", ["price"], absorb="store")
    assert 1e-3 * small["price"] == pytest.approx(plain["price"], rel=1e-6)


def test_rows_left_out_are_counted_by_reason(frame):
    alone = pd.DataFrame({"store": [77], "week": [3], "price": [1.0], "sales": [2.0]})
    more = pd.concat([frame, alone], ignore_index=True)
    more.loc[[0, 5], "price"] = np.nan
    more["store"] = more["store"].astype("Int64")
    more.loc[9, "store"] = pd.NA
    found = estimate(more, "sales", ["price"], absorb="store")
    assert found.left_out == {"missing value": 3, "alone in an absorbed effect": 1}
    assert np.flatnonzero(~found.used).tolist() == [0, 5, 9, 240]
    same = estimate(frame.drop(index=[0, 5, 9]), "sales", ["price"], absorb="store")
    assert found["price"] == pytest.approx(same["price"], rel=1e-12)
    assert found.n_rows == same.n_rows == len(found.residuals) == 237


def test_groups_that_never_sold_are_left_out_of_poisson(frame):
    frame.loc[frame["store"] == 3, "units"] = 0
    found = estimate(frame, "units", ["price"], absorb=["store", "week"], family="poisson")
    assert found.left_out == {"only zeros in an absorbed effect": 20}
    rest = frame[frame["store"] != 3]
    same = estimate(rest, "units", ["price"], absorb=["store", "week"], family="poisson")
    assert found["price"] == pytest.approx(same["price"], rel=1e-9)


def test_a_cause_that_goes_with_zeros_alone_has_no_finite_coefficient(frame):
    frame["closed"] = (frame["units"] == 0) & (frame["week"] < 4)
    error = refused(
        frame,
        "units",
        ["price", "closed"],
        absorb="store",
        family="poisson",
        match="closed goes with zero outcomes alone",
    )
    assert error.column == "closed"


def test_zeros_that_only_endless_effects_would_fit_are_left_out(frame):
    # Store 50 alone is open in week 60, where it sells, and sells nothing in the other weeks: its
    # effect may fall and the week's rise without end, and only its zeros fit the better.
    store = pd.DataFrame({"store": 50, "week": [0, 1, 2, 60, 60], "units": [0, 0, 0, 4, 3]})
    both = pd.concat([frame, store.assign(price=[0.1, 0.7, 0.2, 0.3, 0.9])], ignore_index=True)
    options = {"absorb": ["store", "week"], "family": "poisson"}
    found = estimate(both, "units", ["price"], **options)
    assert found.left_out == {"zero foretold by causes and effects": 3}
    assert np.flatnonzero(~found.used).tolist() == [240, 241, 242]
    same = estimate(both[found.used], "units", ["price"], **options)
    assert found["price"] == pytest.approx(same["price"], rel=1e-7)


def test_poisson_is_first_order_optimal_and_scales(frame):
    found = estimate(frame, "units", ["price"], absorb=["store", "week"], family="poisson")
    assert frame["price"].to_numpy() @ found.residuals == pytest.approx(0.0, abs=1e-6)
    for effect in ("store", "week"):
        assert np.bincount(frame[effect], found.residuals) == pytest.approx(0.0, abs=1e-6)
    large = frame.assign(units=frame["units"] * 1e6)
    again = estimate(large, "units", ["price"], absorb=["store", "week"], family="poisson")
    assert again["price"] == pytest.approx(found["price"], rel=1e-8)


@pytest.mark.parametrize("kind", ["string", "category", "object", "int8", "datetime64[ns]"])
def test_effects_may_be_of_any_type(frame, kind):
    plain = estimate(frame, "sales", ["price"], absorb=["store", "week"], cluster="store")
    store = frame["store"].astype(str) if kind in ("string", "object") else frame["store"]
    found = estimate(
        frame.assign(store=store.astype(kind)),
        "sales",
        ["price"],
        absorb=["store", "week"],
        cluster="store",
    )
    assert found["price"] == pytest.approx(plain["price"], rel=1e-10)
    assert found.covariance == pytest.approx(plain.covariance, rel=1e-8)


def test_order_of_rows_and_index_do_not_matter(frame):
    options = {"absorb": ["store", "week"], "cluster": ["store", "week"]}
    plain = estimate(frame, "sales", ["price"], **options)
    mixed = frame.sample(frac=1.0, random_state=3).set_index("noise")
    found = estimate(mixed, "sales", ["price"], **options)
    assert found["price"] == pytest.approx(plain["price"], rel=1e-11)
    assert found.covariance == pytest.approx(plain.covariance, rel=1e-9)


def test_the_frame_is_not_changed(frame):
    before = frame.copy()
    estimate(frame, "sales", ["price"], absorb=["store", "week"], cluster="store")
    estimate(frame, "units", ["price"], absorb=["store"], family="poisson")
    pd.testing.assert_frame_equal(frame, before)


def test_the_interval_widens_with_the_level(frame):
    found = estimate(frame, "sales", ["price"], absorb="store", cluster="store")
    narrow, wide = found.table(0.8).loc["price"], found.table(0.99).loc["price"]
    assert wide["lower"] < narrow["lower"] < found["price"] < narrow["upper"] < wide["upper"]
    assert "clustered by store" in repr(found)
    with pytest.raises(DataError, match="there is no coefficient of cost"):
        found["cost"]


def test_few_clusters_are_told(frame):
    few = estimate(frame, "sales", ["price"], cluster="store")
    many = estimate(frame, "sales", ["price"], cluster="week")
    assert few.warnings == (
        "few clusters: 12 of store, and with fewer than 20 intervals are too narrow as a rule",
    )
    assert many.warnings == ()


def test_poisson_settles_where_a_sale_is_all_but_impossible(frame):
    frame["units"] = np.random.default_rng(1).poisson(np.exp(-4 * frame["price"]))
    frame.loc[frame["price"].idxmax(), "units"] = 3
    found = estimate(frame, "units", ["price"], absorb=["store", "week"], family="poisson")
    assert found.fitted[frame["price"].idxmax()] < 0.1
    assert frame["price"].to_numpy() @ found.residuals == pytest.approx(0.0, abs=1e-4)


def test_weak_instruments_are_told(frame):
    frame["rumour"] = np.random.default_rng(0).standard_normal(len(frame))
    options = {"absorb": "store", "endogenous": ["price"]}
    weak = estimate(frame, "sales", ["price"], instruments=["rumour"], **options)
    strong = estimate(frame, "sales", ["price"], instruments=["cost"], **options)
    assert weak.instruments.weak
    assert "weak instruments" in weak.warnings[0]
    assert not strong.instruments.weak
    assert strong.warnings == ()


def test_instruments_uncover_the_truth_and_the_test_says_they_were_needed():
    covered, needed = 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        cost, shock = rng.standard_normal((2, 600))
        price = cost + shock + rng.standard_normal(600)
        sales = -2 * price + shock + rng.standard_normal(600)
        frame = pd.DataFrame(
            {"cost": cost, "price": price, "sales": sales, "store": np.arange(600) % 20}
        )
        found = estimate(
            frame,
            "sales",
            ["price"],
            absorb="store",
            endogenous=["price"],
            instruments=["cost"],
        )
        row = found.table(0.9).loc["price"]
        covered += row["lower"] <= -2 <= row["upper"]
        needed += found.instruments.exogenous_p_value < 0.05
    assert covered >= 30
    assert needed >= 35


def test_an_instrument_that_is_the_price_is_strong(frame):
    frame["list_price"] = 2 * frame["price"]
    found = estimate(
        frame, "sales", ["price"], endogenous=["price"], instruments=["list_price"], absorb="week"
    )
    assert found.instruments.strength == np.inf
    assert not found.instruments.weak
    assert found.instruments.exogenous_p_value == 1.0


def test_two_endogenous_causes_that_one_instrument_moves_are_weak(frame):
    rng = np.random.default_rng(2)
    frame["other"] = frame["cost"] + rng.standard_normal(len(frame))
    frame["empty"] = rng.standard_normal(len(frame))
    found = estimate(
        frame,
        "sales",
        ["price", "other"],
        endogenous=["price", "other"],
        instruments=["cost", "empty"],
    )
    assert (found.instruments.first_stage["f_statistic"] > 10).all()
    assert found.instruments.weak


def test_block_bootstrap_agrees_with_clustered_errors_and_repeats(frame):
    options = {"absorb": "store", "block": "week", "draws": 300}
    found = block_bootstrap(frame, "sales", ["price"], **options)
    again = block_bootstrap(frame, "sales", ["price"], **options)
    other = block_bootstrap(frame, "sales", ["price"], random_state=1, **options)
    clustered = estimate(frame, "sales", ["price"], absorb="store", cluster="week")
    assert np.array_equal(found.draws, again.draws)
    assert not np.array_equal(found.draws, other.draws)
    assert found.table()["estimate"].tolist() == clustered.coefficients.tolist()
    error = found.table().loc["price", "standard_error"]
    assert error == pytest.approx(clustered.standard_errors[0], rel=0.3)
    assert found.n_blocks == 20


def test_a_draw_is_the_regression_on_repeated_blocks(frame):
    found = block_bootstrap(
        frame, "units", ["price"], block="week", draws=3, absorb="store", family="poisson"
    )
    rng = np.random.default_rng(0)
    times = rng.multinomial(20, np.full(20, 1 / 20), 3)
    for draw, expected in zip(times, found.draws, strict=True):
        rows = frame.loc[frame.index.repeat(draw[frame["week"]])]
        again = estimate(rows, "units", ["price"], absorb="store", family="poisson")
        assert again.coefficients == pytest.approx(expected, rel=1e-8)


def test_blocks_that_cannot_tell_are_refused(frame):
    frame["deal"] = ((frame["week"] == 0) & (frame["store"] < 6)).astype(int)
    with pytest.raises(DataError, match="of 50 draws cannot tell the causes apart"):
        block_bootstrap(frame, "sales", ["deal"], block="week", draws=50, absorb="store")
    with pytest.raises(DataError, match="one week only"):
        block_bootstrap(frame.assign(week=1), "sales", ["price"], block="week")


BAD = {
    "empty": (lambda f: f.head(0), {}, "no rows"),
    "one row": (lambda f: f.head(1), {}, "price does not vary"),
    "one row an effect": (lambda f: f.head(1), {"absorb": "store"}, "no rows are left"),
    "few rows": (lambda f: f.head(2), {}, "2 rows cannot tell 2 parameters apart"),
    "all missing": (lambda f: f.assign(price=np.nan), {}, "no rows are left .missing value: 240"),
    "infinite": (lambda f: f.assign(price=np.inf), {}, "240 values are infinite"),
    "text": (lambda f: f.assign(price="cheap"), {}, "not numbers"),
    "mixed": (lambda f: f.assign(price=[1.0, "x"] * 120), {}, "not numbers"),
    "column": (lambda f: f.drop(columns="price"), {}, "missing"),
    "effect": (lambda f: f, {"absorb": "shop"}, "missing"),
    "numbers as text": (lambda f: f.assign(price=f["price"].astype(str)), {}, "not numbers"),
    "dates": (lambda f: f.assign(price=pd.Timestamp("2026-01-01")), {}, "not numbers"),
    "no labels": (lambda f: f.assign(store=[[1]] * 240), {"absorb": "store"}, "no labels"),
    "no entry": (lambda f: f, {"absorb": None}, "absorb has an entry without a column"),
    "no columns": (lambda f: f, {"cluster": [()]}, "cluster has an entry without a column"),
    "zero weights": (lambda f: f.assign(w=0.0), {"weights": "w"}, "weight of zero: 240"),
    "too large": (lambda f: f.assign(price=1e200 * f["price"]), {}, "squares are infinite"),
    "large sales": (lambda f: f.assign(sales=1e200 * f["sales"]), {}, "squares are infinite"),
    "number": (lambda f: f, {"absorb": 3}, "missing"),
    "twice": (lambda f: f, {"absorb": ["store", "store"]}, "same effect twice"),
    "three ways": (lambda f: f, {"cluster": ["store", "week", "cost"]}, "one or two ways"),
    "one group": (lambda f: f.assign(week=1), {"cluster": "week"}, "one week only"),
    "weights": (lambda f: f, {"weights": "noise"}, "weights are negative"),
    "family": (lambda f: f, {"family": "normal"}, "family is 'normal'"),
    "negative": (lambda f: f, {"family": "poisson"}, "outcomes are negative"),
    "none sold": (lambda f: f.assign(sales=0), {"family": "poisson"}, "all outcomes are zero"),
    "no instrument": (lambda f: f, {"endogenous": ["price"]}, "0 instruments for 1 endogenous"),
    "not a cause": (
        lambda f: f,
        {"endogenous": ["noise"], "instruments": ["cost"]},
        "not a list of causes",
    ),
    "instrument": (
        lambda f: f.assign(flat=1.0 * f["store"]),
        {"endogenous": ["price"], "instruments": ["flat"], "absorb": "store"},
        "flat does not vary inside",
    ),
    "useless": (
        lambda f: f.assign(useless=np.where(np.arange(240) % 2, 1.0, -1.0), price=f["week"] // 2),
        {"endogenous": ["price"], "instruments": ["useless"]},
        "instruments do not move price at all",
    ),
    "poisson": (
        lambda f: f,
        {"endogenous": ["price"], "instruments": ["cost"], "family": "poisson"},
        "linear",
    ),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(("change", "options", "problem"), BAD.values(), ids=BAD)
def test_bad_input(frame, change, options, problem):
    refused(change(frame), "sales", ["price"], match=problem, **options)


def test_names_are_checked(frame):
    refused(frame, "sales", "price", match="lists of column names")
    refused(frame, "sales", [], match="at least one long")
    refused(frame, "sales", ["price", "price"], match="price is named twice")
    refused(frame, "sales", ["sales"], match="sales is named twice")
