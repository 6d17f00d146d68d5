"""Absorbed effects beside statsmodels with a dummy for each."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from newretail_ml.pricing.estimation import estimate

CAUSES = ["log_price", "promotion"]
EFFECTS = {
    "none": [],
    "one": ["store"],
    "two": ["store", "week"],
    "three": ["store", "week", "brand"],
    "nested": ["brand", ("brand", "store"), "week"],
    "crosses": [("brand", "store"), ("brand", "week")],
}


def sales(seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "store": rng.choice(list("abcdefg"), n),
            "week": rng.integers(0, 12, n),
            "brand": pd.Categorical(rng.choice(["x", "y", "z"], n)),
            "promotion": rng.integers(0, 2, n),
            "cost": rng.standard_normal(n),
            "weight": rng.uniform(0.5, 2.0, n),
        }
    )
    shock = rng.standard_normal(n)
    frame["log_price"] = 0.6 * frame["cost"] + 0.3 * shock + 0.1 * frame["week"]
    frame["log_units"] = 3 - 2 * frame["log_price"] + 0.5 * frame["promotion"] + shock
    frame["units"] = rng.poisson(np.exp(0.3 * frame["log_units"]))
    return frame


def dummies(frame: pd.DataFrame, effects: list) -> np.ndarray:
    """A basis of the effects' columns, without redundant ones."""
    columns = [np.ones((len(frame), 1))]
    for effect in effects:
        keys = list(effect) if isinstance(effect, tuple) else [effect]
        label = frame[keys].astype(str).agg("-".join, axis=1)
        columns.append(pd.get_dummies(label).to_numpy(float))
    left, sizes, _ = np.linalg.svd(np.hstack(columns), full_matrices=False)
    return left[:, sizes > 1e-9 * sizes[0]]


@pytest.fixture(params=range(2))
def frame(request):
    return sales(request.param)


def design(frame, effects):
    return np.hstack([frame[CAUSES].to_numpy(float), dummies(frame, effects)])


@pytest.mark.parametrize("effects", EFFECTS.values(), ids=EFFECTS)
@pytest.mark.parametrize("weights", [None, "weight"])
def test_coefficients_residuals_and_robust_errors(frame, effects, weights):
    ours = estimate(frame, "log_units", CAUSES, absorb=effects, weights=weights)
    used, matrix = frame[ours.used], design(frame[ours.used], effects)
    weight = used[weights] if weights else np.ones(len(used))
    peer = sm.WLS(used["log_units"].to_numpy(), matrix, weight).fit(cov_type="HC1")
    first = 0 if effects else 1
    assert ours.coefficients[first:] == pytest.approx(peer.params[:2], rel=1e-9)
    assert ours.standard_errors[first:] == pytest.approx(peer.bse[:2], rel=1e-8)
    assert ours.residuals == pytest.approx(peer.resid, abs=1e-9)
    assert ours.absorbed == (matrix.shape[1] - 2 if effects else 0)
    assert ours.freedom == len(used) - matrix.shape[1]


@pytest.mark.parametrize("effects", [[], ["week"], ["week", "brand"]], ids=str)
def test_errors_clustered_one_way(frame, effects):
    ours = estimate(frame, "log_units", CAUSES, absorb=effects, cluster="store")
    peer = sm.OLS(frame["log_units"], design(frame, effects)).fit(
        cov_type="cluster", cov_kwds={"groups": frame["store"].factorize()[0]}
    )
    found = ours.table().loc[CAUSES]
    assert found["standard_error"].to_numpy() == pytest.approx(peer.bse[:2].to_numpy(), rel=1e-8)
    assert ours.freedom == frame["store"].nunique() - 1


def test_effects_inside_clusters_are_not_counted_as_parameters(frame):
    ours = estimate(frame, "log_units", CAUSES, absorb="store", cluster="store")
    matrix = design(frame, ["store"])
    peer = sm.OLS(frame["log_units"], matrix).fit(
        cov_type="cluster", cov_kwds={"groups": frame["store"].factorize()[0]}
    )
    n, counted = len(frame), 3
    factor = (n - matrix.shape[1]) / (n - counted)
    assert np.diag(ours.covariance) == pytest.approx(
        factor * peer.bse[:2].to_numpy() ** 2, rel=1e-8
    )


@pytest.mark.parametrize("seed", range(6))
def test_errors_clustered_two_ways(seed):
    frame = sales(seed)
    ours = estimate(frame, "log_units", CAUSES, absorb="brand", cluster=["store", "week"])
    model = sm.OLS(frame["log_units"], design(frame, ["brand"]))

    def plain(groups):
        options = {"groups": groups, "use_correction": False}
        return model.fit(cov_type="cluster", cov_kwds=options).cov_params().to_numpy()[:2, :2]

    store, week = frame["store"].factorize()[0], frame["week"].to_numpy()
    both = plain(store) + plain(week)
    less = both - plain(store * 100 + week)
    expected = less if np.linalg.eigvalsh(less).min() > 0 else both
    n, groups = len(frame), min(len(set(store)), len(set(week)))
    correction = (n - 1) / (n - 5) * groups / (groups - 1)
    assert ours.covariance == pytest.approx(correction * expected, rel=1e-7)


@pytest.mark.parametrize("effects", [[], ["store"], ["store", "week"]], ids=str)
def test_poisson(frame, effects):
    ours = estimate(frame, "units", CAUSES, absorb=effects, cluster="week", family="poisson")
    used = frame[ours.used]
    peer = sm.GLM(used["units"].to_numpy(), design(used, effects), sm.families.Poisson()).fit(
        tol=1e-13, maxiter=200
    )
    first = 0 if effects else 1
    assert ours.coefficients[first:] == pytest.approx(peer.params[:2], rel=1e-7)
    assert ours.fitted == pytest.approx(peer.fittedvalues, rel=1e-6)


def test_poisson_errors_clustered(frame):
    ours = estimate(frame, "units", CAUSES, absorb="brand", cluster="store", family="poisson")
    groups = frame["store"].factorize()[0]
    peer = sm.GLM(frame["units"], design(frame, ["brand"]), sm.families.Poisson()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    n, g = len(frame), len(set(groups))
    correction = (n - 1) / (n - 5) * g / (g - 1)
    assert np.diag(ours.covariance) == pytest.approx(correction * peer.bse[:2] ** 2, rel=1e-6)


def test_instruments(frame):
    ours = estimate(
        frame,
        "log_units",
        CAUSES,
        absorb="store",
        endogenous=["log_price"],
        instruments=["cost", "weight"],
    )
    effects = dummies(frame, ["store"])
    known = np.column_stack([frame[["cost", "weight", "promotion"]].to_numpy(float), effects])
    matrix = design(frame, ["store"])
    first = sm.OLS(frame["log_price"], known).fit(cov_type="HC1")
    second = np.linalg.lstsq(
        np.column_stack([first.fittedvalues, matrix[:, 1:]]), frame["log_units"], rcond=None
    )[0]
    assert ours.coefficients == pytest.approx(second[:2], rel=1e-9)
    tested = first.f_test(np.eye(2, known.shape[1]))
    assert ours.instruments.strength == pytest.approx(float(tested.fvalue), rel=1e-8)
    more = np.column_stack([first.resid, matrix])
    hausman = sm.OLS(frame["log_units"], more).fit(cov_type="HC1")
    p_value = float(hausman.f_test(np.eye(1, more.shape[1])).pvalue)
    assert ours.instruments.exogenous_p_value == pytest.approx(p_value, rel=1e-5)
