"""Reconciliation beside a textbook twin with dense matrices, and what must hold of its paths."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import MovingAverage
from newretail_ml.forecasting.hierarchy import Hierarchy, past_errors, reconcile
from newretail_ml.forecasting.hierarchy.covariance import ErrorCovariance, shrinkage
from newretail_ml.forecasting.hierarchy.projection import minimum_trace
from newretail_ml.forecasting.hierarchy.reconciliation import METHODS, set_to_zero
from newretail_ml.panel import Periods
from tests.forecasting.worlds import MONDAY, panel_of

PAIR = Hierarchy.of_keys(pd.DataFrame({c.ITEM: ["tea", "cup"]}), levels=[()])
WEIGHTED = [method for method in METHODS if method not in ("bottom_up", "top_down")]


def hierarchy_of(random, n_series):
    """Crossed levels with labels at random, some of which may have one node only."""
    labels = random.integers(0, 3, (n_series, 2)).astype(str)
    keys = pd.DataFrame({c.ITEM: [f"i{n}" for n in range(n_series)]})
    statics = pd.DataFrame(labels, columns=["region", "brand"])
    return Hierarchy.of_keys(keys, statics, levels=[(), "region", "brand", ("region", "brand")])


def base_of(hierarchy, paths):
    paths = np.asarray(paths, dtype=np.float32)
    periods = Periods.spanning(MONDAY, MONDAY, "D").resized(paths.shape[2])
    return Forecast(hierarchy.keys, periods, paths)


def drawn(hierarchy, random, n_paths=7, horizon=3):
    return base_of(hierarchy, random.gamma(1.0, 5.0, (len(hierarchy.keys), n_paths, horizon)))


def errors_of(hierarchy, random, n_periods=12):
    common = random.normal(size=(1, n_periods))
    scale = random.uniform(0.5, 5.0, (len(hierarchy.keys), 1))
    return scale * (common + random.normal(size=(len(hierarchy.keys), n_periods)))


def textbook_shrinkage(residuals):
    """Schaefer and Strimmer's intensity, pair by pair."""
    n_nodes, n_periods = residuals.shape
    x = residuals / np.sqrt((residuals**2).mean(axis=1, keepdims=True))
    spread = squared = 0.0
    for i in range(n_nodes):
        for j in range(n_nodes):
            if i != j:
                w = x[i] * x[j]
                variance = ((w - w.mean()) ** 2).sum() / (n_periods * (n_periods - 1))
                spread, squared = spread + variance, squared + w.mean() ** 2
    return min(max(spread / squared, 1e-4), 1.0)


def textbook_covariance(method, residuals):
    sample = residuals @ residuals.T / residuals.shape[1]
    if method == "ols":
        return np.eye(len(residuals))
    if method == "wls":
        return np.diag(np.diag(sample))
    share = textbook_shrinkage(residuals)
    return share * np.diag(np.diag(sample)) + (1 - share) * sample


def textbook_mapping(hierarchy, covariance):
    """G = (S' W^-1 S)^-1 S' W^-1, with S G the projection."""
    summing, inverse = hierarchy.summing.toarray(), np.linalg.inv(covariance)
    return np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse)


def our_covariance(method, residuals):
    if method == "ols":
        return ErrorCovariance.diagonal(np.ones(len(residuals)))
    if method == "wls":
        return ErrorCovariance.diagonal((residuals**2).mean(axis=1))
    return ErrorCovariance.shrunk(residuals)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", WEIGHTED)
def test_mapping_equals_the_textbook(method, seed):
    random = np.random.default_rng(seed)
    hierarchy = hierarchy_of(random, n_series=random.integers(4, 25))
    residuals = errors_of(hierarchy, random, n_periods=int(random.integers(5, 90)))
    expected = textbook_mapping(hierarchy, textbook_covariance(method, residuals))
    above = hierarchy.summing[: hierarchy.n_above]
    project = minimum_trace(above, our_covariance(method, residuals))
    base = random.normal(size=(len(hierarchy.keys), 6)) * 10
    np.testing.assert_allclose(project(base), expected @ base, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("method", WEIGHTED)
def test_coherent_forecasts_stay_as_they_are(method):
    random = np.random.default_rng(5)
    hierarchy = hierarchy_of(random, n_series=15)
    residuals = errors_of(hierarchy, random)
    project = minimum_trace(
        hierarchy.summing[: hierarchy.n_above], our_covariance(method, residuals)
    )
    identity = project(hierarchy.summing.toarray())
    np.testing.assert_allclose(identity, np.eye(15), atol=1e-9)


@pytest.mark.parametrize("n_periods", [3, 10, 200])
def test_shrinkage_equals_the_sum_over_pairs(n_periods):
    random = np.random.default_rng(n_periods)
    residuals = errors_of(PAIR, random, n_periods)
    residuals = np.vstack([residuals, random.normal(size=(4, n_periods))])
    assert shrinkage(residuals) == pytest.approx(textbook_shrinkage(residuals), rel=1e-10)


def test_shrinkage_at_its_ends():
    line = np.array([[1.0, -1.0, 1.0, -1.0]])
    assert shrinkage(np.vstack([line, line])) == pytest.approx(1e-4)
    assert shrinkage(np.array([[1.0, 0.0], [0.0, 1.0]])) == 1.0
    assert shrinkage(np.zeros((3, 5))) == 1.0


def test_two_series_by_hand():
    # Total says 16, the series say 4 + 6: six are missing. Least squares gives each a third.
    base = base_of(PAIR, [[[16]], [[4]], [[6]]])
    np.testing.assert_allclose(reconcile(base, PAIR, "ols").paths.ravel(), [14, 6, 8])
    np.testing.assert_allclose(reconcile(base, PAIR, "bottom_up").paths.ravel(), [10, 4, 6])
    np.testing.assert_allclose(reconcile(base, PAIR, "top_down").paths.ravel(), [16, 6.4, 9.6])
    # Variances 1, 2, 3: each takes its share of six.
    residuals = np.sqrt([[1.0], [2.0], [3.0]]) * [[1, 1], [1, -1], [-1, 1]]
    wls = reconcile(base, PAIR, "wls", residuals=residuals)
    np.testing.assert_allclose(wls.paths.ravel(), [15, 6, 9], rtol=1e-6)


def test_a_total_that_never_errs_is_kept():
    base = base_of(PAIR, [[[16]], [[4]], [[6]]])
    residuals = np.array([[0.0, 0.0], [1.0, -1.0], [1.0, 1.0]])
    nodes = reconcile(base, PAIR, "wls", residuals=residuals)
    np.testing.assert_allclose(nodes.paths.ravel(), [16, 7, 9], rtol=1e-5)


def test_high_paths_go_with_high_sums():
    series = [[[1.0], [5.0], [3.0]], [[1.0], [5.0], [3.0]]]
    base = base_of(PAIR, [[[20.0], [2.0], [6.0]], *series])
    nodes = reconcile(base, PAIR, "top_down")
    np.testing.assert_allclose(nodes.paths[0].ravel(), [2, 20, 6])
    np.testing.assert_allclose(nodes.paths[1].ravel(), [1, 10, 3])


def test_top_down_shares_by_means_where_no_series_sells():
    base = base_of(PAIR, [[[8.0], [8.0]], [[0.0], [3.0]], [[0.0], [1.0]]])
    nodes = reconcile(base, PAIR, "top_down")
    np.testing.assert_allclose(nodes.paths[:, 0].ravel(), [8, 6, 2])
    nothing = base_of(PAIR, [[[8.0]], [[0.0]], [[0.0]]])
    assert reconcile(nothing, PAIR, "top_down").paths.ravel().tolist() == [8, 4, 4]


def test_negative_values_are_taken_from_the_others():
    series = np.array([[-1.0, -3.0], [4.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(set_to_zero(series), [[0, 0], [3.2, 0], [0.8, 0]])
    base = base_of(PAIR, [[[0.0]], [[9.0]], [[0.0]]])
    # Least squares says 3 = 6 - 3.
    np.testing.assert_allclose(reconcile(base, PAIR, "ols").paths.ravel(), [3, 3, 0])


@given(
    seed=st.integers(0, 10_000),
    n_series=st.integers(1, 20),
    n_paths=st.integers(1, 9),
    method=st.sampled_from(METHODS),
)
@settings(max_examples=40, deadline=None)
def test_paths_add_up_and_are_never_negative(seed, n_series, n_paths, method):
    random = np.random.default_rng(seed)
    hierarchy = hierarchy_of(random, n_series)
    base = drawn(hierarchy, random, n_paths)
    before = base.paths.copy()
    nodes = reconcile(base, hierarchy, method, residuals=errors_of(hierarchy, random))
    paths = nodes.paths.astype(np.float64).reshape(len(hierarchy.keys), -1)
    sums = hierarchy.summing @ paths[hierarchy.n_above :]
    assert (np.abs(paths - sums) <= 1e-6 * np.maximum(1.0, paths)).all()
    assert paths.min() >= 0
    np.testing.assert_array_equal(base.paths, before)
    pd.testing.assert_frame_equal(nodes.keys, base.keys)


@given(seed=st.integers(0, 10_000), method=st.sampled_from(WEIGHTED))
@example(seed=1245, method="mint_shrink")
@settings(max_examples=15, deadline=None)
def test_means_of_paths_are_the_reconciled_means(seed, method):
    random = np.random.default_rng(seed)
    hierarchy = hierarchy_of(random, 12)
    base, residuals = drawn(hierarchy, random), errors_of(hierarchy, random)
    mapping = textbook_mapping(hierarchy, textbook_covariance(method, residuals))
    nodes = reconcile(base, hierarchy, method, residuals=residuals)
    expected = hierarchy.summing @ set_to_zero(mapping @ base.mean())
    np.testing.assert_allclose(nodes.mean(), expected, atol=1e-4, rtol=1e-4)


def test_items_that_sell_now_and_then_keep_the_mean_of_the_chain():
    """Setting negative paths to zero alone would raise it: the series have many zeros."""
    random = np.random.default_rng(2)
    hierarchy = hierarchy_of(random, 40)
    series = random.poisson(0.2, (40, 100, 2))
    base = base_of(hierarchy, np.einsum("ns,sph->nph", hierarchy.summing.toarray(), series))
    noise = random.uniform(0.5, 1.5, (hierarchy.n_above, 100, 2)).astype(np.float32)
    base.paths[: hierarchy.n_above] *= noise
    nodes = reconcile(base, hierarchy, "ols")
    free = textbook_mapping(hierarchy, np.eye(len(hierarchy.keys))) @ base.mean()
    np.testing.assert_allclose(nodes.mean()[0], set_to_zero(free).sum(axis=0), rtol=0.1)
    assert (nodes.paths == np.floor(nodes.paths)).all()
    np.testing.assert_array_equal(nodes.paths, reconcile(base, hierarchy, "ols").paths)
    other = reconcile(base, hierarchy, "ols", random_state=1).paths
    assert (other != nodes.paths).any()


def test_paths_in_blocks_are_the_textbook_s():
    """Far from zero, and with the mean of the paths kept, nothing but the mapping happens."""
    random = np.random.default_rng(3)
    hierarchy = hierarchy_of(random, 9)
    rising = np.sort(random.uniform(0.0, 1.0, (len(hierarchy.keys), 700, 2)), axis=1)
    level = 100.0 * hierarchy.summing.sum(axis=1)[:, None, None]
    base, residuals = base_of(hierarchy, level + rising), errors_of(hierarchy, random)
    mapping = textbook_mapping(hierarchy, textbook_covariance("mint_shrink", residuals))
    expected = np.einsum("sn,nph->sph", mapping, base.paths.astype(float))
    nodes = reconcile(base, hierarchy, residuals=residuals)
    np.testing.assert_allclose(hierarchy.bottom(nodes).paths, expected, rtol=1e-6)


def test_nodes_without_errors_or_series_above():
    random = np.random.default_rng(4)
    hierarchy = hierarchy_of(random, 8)
    base = drawn(hierarchy, random)
    silent = np.zeros((len(hierarchy.keys), 5))
    expected = reconcile(base, hierarchy, "ols").paths
    for method in ("wls", "mint_shrink"):
        nodes = reconcile(base, hierarchy, method, residuals=silent)
        np.testing.assert_allclose(nodes.paths, expected, rtol=1e-5)
    flat = Hierarchy.of_keys(pd.DataFrame({c.ITEM: ["tea"]}), levels=[])
    alone = base_of(flat, [[[3.0, 4.0]]])
    assert reconcile(alone, flat, "ols").paths.tolist() == alone.paths.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "magic"}, "no method magic"),
        ({"method": "wls"}, "needs past errors"),
        ({"residuals": np.ones((2, 5))}, "not \\(3 nodes"),
        ({"residuals": np.ones((3, 1))}, "2 or more periods"),
        ({"residuals": np.array([[1.0, 2.0], [np.nan, 1.0], [0.0, 1.0]])}, "missing or infinite"),
        ({"hierarchy": Hierarchy.of_keys(PAIR.series, levels=[])}, "its 3 series"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {"hierarchy": PAIR, "method": "mint_shrink", **change}
    with pytest.raises(DataError, match=message):
        reconcile(base_of(PAIR, np.ones((3, 2, 2))), **arguments)


def test_past_errors_are_what_forecasts_missed():
    panel = panel_of(np.repeat([[1.0, 3.0, 3.0]], 20, axis=0).T.repeat(2, axis=1))
    errors = past_errors(MovingAverage(1), panel, horizon=2, folds=3)
    assert errors.shape == (3, 6)
    np.testing.assert_allclose(errors, 0.0, atol=1e-6)
    step = panel_of([[1.5] * 120 + [4.5] * 2])
    missed = past_errors(MovingAverage(1), step, horizon=2, folds=1)
    np.testing.assert_allclose(missed, [[3.0, 3.0]], rtol=1e-6)


def test_past_errors_are_those_of_the_mean_itself():
    units = np.random.default_rng(0).poisson(3.0, (4, 90))
    panel, model = panel_of(units), MovingAverage()
    expected = [
        units[:, cut : cut + 7] - model.clone().fit(panel.until(cut)).mean(7) for cut in (76, 83)
    ]
    errors = past_errors(model, panel, horizon=7, folds=2)
    np.testing.assert_array_equal(errors, np.concatenate(expected, axis=1))


def test_series_of_nothing_share_their_total_equally():
    """Only those under a total of which no series expects anything."""
    keys = pd.DataFrame({c.ITEM: ["tea", "cup", "jam"]})
    statics = pd.DataFrame({"aisle": ["hot", "hot", "cold"]})
    hierarchy = Hierarchy.of_keys(keys, statics, levels=["aisle"])
    sums = np.where(hierarchy.keys["aisle"].iloc[:2] == "hot", 8.0, 5.0)
    base = base_of(hierarchy, np.array([*sums, 0.0, 0.0, 5.0])[:, None, None] * np.ones((1, 4, 2)))
    made = reconcile(base, hierarchy, "top_down").paths
    assert made[2:, :, 0].tolist() == [[4.0] * 4, [4.0] * 4, [5.0] * 4]
    np.testing.assert_array_equal(made[:2], base.paths[:2])
    nothing = reconcile(base_of(hierarchy, np.zeros((5, 4, 2))), hierarchy, "top_down")
    assert not nothing.paths.any()


def test_unknown_periods_leave_the_mean_squared_error_as_it_is():
    units = np.array([[1.5] * 120 + [4.5] * 4])
    censored = np.zeros(units.shape, dtype=bool)
    censored[0, 121:123] = True
    panel = panel_of(units, censored=censored)
    errors = past_errors(MovingAverage(1), panel, horizon=4, folds=1)
    assert (errors[0, 1:3] == 0).all()
    assert (errors**2).mean() == pytest.approx(9.0, rel=1e-5)
    with pytest.raises(DataError, match="hold no 99 forecasts"):
        past_errors(MovingAverage(), panel, horizon=4, folds=99)
