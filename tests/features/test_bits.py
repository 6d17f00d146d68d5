"""Training and prediction rows are equal to the bit, however they were asked for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml.features import ByGroup, Recipe
from newretail_ml.features import recipe as recipe_module
from newretail_ml.panel import Panel
from tests.features.panels import CUT, FEATURES, N_SERIES, odd_panel

RECIPE = Recipe(FEATURES)
ALONE = Recipe(feature for feature in FEATURES if not isinstance(feature, ByGroup))


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def rows(origins: range, horizons: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Targets and horizons of every origin and horizon."""
    origin, horizon = (axis.ravel() for axis in np.meshgrid(origins, horizons, indexing="ij"))
    return origin + horizon, horizon


@pytest.fixture(scope="module")
def panel():
    return odd_panel()


@pytest.fixture(scope="module")
def complete_panel(panel):
    """Nothing is missing or censored, which takes shorter ways through the code."""
    sold = np.nan_to_num(panel.units) + np.float32(0.25)
    return replace(
        panel,
        units=sold,
        censored=np.zeros_like(panel.censored),
        launch=np.zeros_like(panel.launch),
        delisting=np.full_like(panel.delisting, Panel.NEVER),
    )


@pytest.mark.parametrize("which", ["panel", "complete_panel"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_training_rows_equal_prediction_rows(request, which, n_threads):
    panel = request.getfixturevalue(which)
    horizons = (1, 2, 7, 10, 28)
    origins = range(0, CUT, 3)
    training = RECIPE.cube(panel, *rows(origins, horizons), n_threads=n_threads)
    for number, origin in enumerate(origins):
        known = panel.until(origin + 1)
        prediction = RECIPE.cube(known, *rows(range(origin, origin + 1), horizons), n_threads=1)
        part = training[:, :, number * len(horizons) : (number + 1) * len(horizons)]
        for feature, trained, predicted in zip(FEATURES, part, prediction, strict=True):
            assert same_bits(trained, predicted), f"{feature.name} at origin {origin}"


def test_weeks_and_months_agree_too():
    for freq in ("W", "M"):
        panel = odd_panel(freq)
        training = RECIPE.cube(panel, *rows(range(20, CUT), (1, 4)))
        prediction = RECIPE.cube(panel.until(51), *rows(range(50, 51), (1, 4)))
        assert same_bits(training[:, :, 60:62], prediction)


def test_number_of_threads_changes_nothing(panel, monkeypatch):
    monkeypatch.setattr(recipe_module, "_CELLS_A_BLOCK", 300)  # many blocks, in any order
    asked = rows(range(10, 60), (1, 14))
    one, two, five = (RECIPE.cube(panel, *asked, n_threads=n) for n in (1, 2, 5))
    assert same_bits(one, two)
    assert same_bits(one, five)


def test_size_of_blocks_changes_nothing(panel, monkeypatch):
    asked = rows(range(10, 60), (1, 14))
    whole = RECIPE.cube(panel, *asked)
    monkeypatch.setattr(recipe_module, "_CELLS_A_BLOCK", 1)
    assert same_bits(whole, RECIPE.cube(panel, *asked))


def test_order_of_rows_changes_nothing(panel):
    targets, horizons = rows(range(5, 70), (1, 3, 28))
    order = np.random.default_rng(3).permutation(len(targets))
    straight = RECIPE.cube(panel, targets, horizons)
    shuffled = RECIPE.cube(panel, targets[order], horizons[order])
    assert same_bits(straight[:, :, order], shuffled)


def test_a_row_is_the_same_alone_and_among_others(panel):
    targets, horizons = rows(range(0, CUT, 7), (1, 10))
    together = RECIPE.cube(panel, targets, horizons)
    for row in range(len(targets)):
        alone = RECIPE.cube(panel, targets[row : row + 1], horizons[row : row + 1])
        assert same_bits(together[:, :, row : row + 1], alone)


def test_a_feature_is_the_same_alone_and_in_a_recipe(panel):
    asked = rows(range(2, 70, 5), (1, 8))
    together = RECIPE.cube(panel, *asked)
    for feature, among_others in zip(FEATURES, together, strict=True):
        assert same_bits(Recipe([feature]).cube(panel, *asked), among_others[None]), feature.name


def test_a_series_is_the_same_alone_and_among_others(panel):
    asked = rows(range(2, 70, 4), (1, 8))
    fixed = ALONE.fixed(panel)
    together = ALONE.cube(panel, *asked)
    for series in range(N_SERIES):
        alone = fixed.cube(panel.select([series]), *asked)
        assert same_bits(together[:, series : series + 1], alone)


def test_order_of_series_changes_nothing(panel):
    asked = rows(range(2, 70, 4), (1, 8))
    order = np.random.default_rng(4).permutation(N_SERIES)
    assert same_bits(ALONE.cube(panel, *asked)[:, order], ALONE.cube(panel.select(order), *asked))


def test_whole_groups_are_the_same_alone(panel):
    """A group's features depend on its members only."""
    asked = rows(range(2, 70, 4), (1, 8))
    grouped = [i for i, feature in enumerate(FEATURES) if feature.name.startswith("by_group_cat")]
    members = np.flatnonzero(panel.statics["category"] == "tea")
    apart = Recipe(FEATURES[i] for i in grouped).cube(panel.select(members), *asked)
    assert same_bits(RECIPE.cube(panel, *asked)[grouped][:, members], apart)


def test_frame_holds_the_cube(panel):
    dates = pd.date_range("2026-01-15", periods=3)
    frame = RECIPE.frame(panel, dates, horizon=2)
    cube = RECIPE.cube(panel, panel.periods.position(dates), 2)
    assert list(frame.columns) == ["item_id", "location_id", "date", *RECIPE.names]
    assert frame["date"].tolist() == list(dates) * N_SERIES
    values = frame[RECIPE.names].to_numpy(np.float32).reshape(N_SERIES, 3, -1)
    assert same_bits(np.ascontiguousarray(values.transpose(2, 0, 1)), cube)
