"""Every feature against its slow twin."""

import inspect

import numpy as np
import pytest

from newretail_ml import features
from newretail_ml.features import Feature, Recipe
from tests.features.panels import CUT, FEATURES, odd_panel
from tests.oracles.features import TWINS, Chain, Row

HORIZONS = (1, 3, 7, 10, 28)
ORIGINS = {
    "D": (0, 1, 6, 13, 29, 40, 52, 66, CUT - 1),
    "W": (5, 30, 59, CUT - 1),
    "M": (2, 13, 47, CUT - 1),
}
NAMES_DAYS = (features.DayOfWeek,)
CASES = [
    pytest.param(freq, feature, id=f"{freq}-{feature.name}")
    for freq in ORIGINS
    for feature in FEATURES
    if freq == "D" or not isinstance(feature, NAMES_DAYS)
]


@pytest.fixture(scope="module")
def chains():
    return {freq: Chain(odd_panel(freq)) for freq in ORIGINS}


@pytest.mark.parametrize(("freq", "feature"), CASES)
def test_feature_equals_its_twin(chains, freq, feature):
    chain = chains[freq]
    origins, horizons = (axis.ravel() for axis in np.meshgrid(ORIGINS[freq], HORIZONS))
    targets = origins + horizons

    [fast] = Recipe([feature]).cube(chain.panel, targets, horizons)

    twin = TWINS[type(feature)]
    slow = np.array(
        [
            [
                twin(feature, chain, Row(series, int(target), int(horizon)))
                for target, horizon in zip(targets, horizons, strict=True)
            ]
            for series in range(chain.panel.n_series)
        ],
        dtype=float,
    )
    np.testing.assert_allclose(fast, slow, rtol=1e-5, atol=1e-5)
    assert np.isfinite(slow).any()


def exported_features() -> set[type[Feature]]:
    exported = (getattr(features, name) for name in features.__all__)
    return {
        one
        for one in exported
        if inspect.isclass(one) and issubclass(one, Feature) and not inspect.isabstract(one)
    }


def test_every_exported_feature_has_a_twin_and_is_tried():
    assert exported_features() == set(TWINS)
    assert exported_features() == {type(feature) for feature in FEATURES}


@pytest.mark.parametrize("seed", [1, 2])
def test_twins_agree_on_other_panels(seed):
    chain = Chain(odd_panel(seed=seed))
    random = np.random.default_rng(seed)
    origins, horizons = random.integers(0, CUT, 4), random.integers(1, 40, 4)
    cube = Recipe(FEATURES).cube(chain.panel, origins + horizons, horizons)
    for feature, fast in zip(FEATURES, cube, strict=True):
        rows = zip((origins + horizons).tolist(), horizons.tolist(), strict=True)
        slow = [
            [TWINS[type(feature)](feature, chain, Row(series, *row)) for series in range(10)]
            for row in rows
        ]
        np.testing.assert_allclose(fast.T, slow, rtol=1e-5, atol=1e-5, err_msg=feature.name)
