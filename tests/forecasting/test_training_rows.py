"""Rows in files teach what rows in memory teach, to the bit, however they are cut up."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.forecasting.trees.boosting import Boosting
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.streaming import StreamedFeatures
from newretail_ml.forecasting.trees.training import TrainingRows
from tests.forecasting.worlds import negative_binomial, panel_of

NAMES = ["first", "second"]


@pytest.fixture(scope="module")
def panel():
    """No group of the chain is looked at, so that parts of it know all they need."""
    units = negative_binomial((60, 120), seed=1).astype(np.float32)
    return panel_of(units, statics=pd.DataFrame({"category": ["cakes", "bolts", "tea"] * 20}))


def model_of(**settings):
    few = {"num_leaves": 8, "max_rounds": 20, "n_threads": 1, "recipe": "lean"}
    return LightGBMForecaster(5, **{**few, **settings})


def written(model, panel, bounds, folder):
    """The rows of parts of a panel, a file each, and the names of their features."""
    recipe, files = recipe_of(model.recipe, panel).fixed(panel), []
    for number, (first, last) in enumerate(pairwise(bounds)):
        part = panel.select(np.arange(first, last))
        rows = model.training_rows(part, recipe, panel.n_series)
        files.append(folder / f"{number}.parquet")
        rows.to_frame(recipe.names).to_parquet(files[-1], index=False)
    return files, recipe


@pytest.mark.parametrize(
    ("settings", "bounds", "chunk"),
    [
        ({}, [0, 60], 65_536),
        ({"weights": "scale"}, [0, 1, 25, 60], 333),
        ({"n_donors": 20, "max_rows": 3000}, [0, 40, 60], 1_000),
    ],
)
def test_the_same_model_from_files(settings, bounds, chunk, panel, tmp_path):
    model = model_of(**settings)
    files, recipe = written(model, panel, bounds, tmp_path)
    rows = TrainingRows.in_files(files, recipe.names, chunk)
    donors = model._donors(panel)
    other = model_of(**settings).fit_rows(rows, recipe, donors, panel.n_series)
    model.fit(panel)
    assert model.boosters_[0].num_trees() > 1
    assert _texts(other) == _texts(model)
    paths = [each.forecast(5, panel=panel).paths for each in (model, other)]
    assert np.array_equal(*paths)


def _texts(model):
    return [booster.model_to_string() for booster in model.boosters_]


@pytest.fixture(scope="module")
def many():
    """More rows than LightGBM bounds its bins by; two features that hardly ever say anything."""
    rng = np.random.default_rng(5)
    features = rng.gamma(1.0, 1.0, (6, 230_000)).astype(np.float32).T
    features[:, 0] = rng.integers(0, 7, len(features))
    features[rng.random(len(features)) < 0.3, 1] = np.nan
    features[:, 4] = rng.random(len(features)) < 0.00015
    features[:, 5] = rng.random(len(features)) < 0.0005
    return features, (features[:, 2] * rng.gamma(1.0, 1.0, len(features))).astype(np.float32)


class Chunks:
    """What LightGBM takes for a sequence."""

    def __init__(self, features, batch_size):
        self.features, self.batch_size = np.ascontiguousarray(features), batch_size

    def __len__(self):
        return len(self.features)

    def __getitem__(self, rows):
        found = self.features[rows]
        return found if isinstance(rows, slice) else found.astype(float)


def test_bins_are_bounded_by_the_same_rows_of_very_many(many):
    features, relative = many
    usable, texts = np.arange(len(relative)) % 50 > 0, []
    for given in (features, Chunks(features, 7_777)):
        boosting = Boosting("tweedie", 5, {"num_threads": 1, "seed": 4, "num_leaves": 6}, [0])
        data = boosting.binned(given, relative, usable)
        stopped = boosting.stopped_early(data, usable & (np.arange(len(usable)) < 9e4), ~usable)
        boosted = boosting.boosted(data, usable, [5])
        texts.append([one.model_to_string() for one in (*stopped, *boosted)])
    assert texts[0] == texts[1]


@pytest.fixture
def numbers(tmp_path):
    """Two files of ten and fifteen rows that count from 0 on."""
    values = np.arange(50, dtype=np.float32).reshape(25, 2)
    values[3, 1] = np.nan
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for file, part in zip(files, (values[:10], values[10:]), strict=True):
        frame = pd.DataFrame(part, columns=NAMES).assign(other="words")
        frame.to_parquet(file, index=False, row_group_size=4)
    return files, values


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_any_rows_of_files(chunk, numbers):
    files, values = numbers
    streamed = StreamedFeatures(files, NAMES, chunk)
    assert len(streamed) == 25
    for begin, end in ((0, 25), (8, 12), (3, 4), (24, 30)):
        found = streamed[begin:end]
        assert found.dtype == np.float32
        assert np.array_equal(found, values[begin:end], equal_nan=True)
    for row in (0, 9, 10, 24, 3):
        assert streamed[row].dtype == np.float64
        assert np.array_equal(streamed[row], values[row], equal_nan=True)


def test_one_chunk_is_in_memory(numbers):
    files, _ = numbers
    streamed = StreamedFeatures(files, NAMES, 5)
    for row in range(25):
        streamed[row]
        assert len(streamed._chunk) <= 5


def test_rows_that_teach_nothing(panel, tmp_path):
    model = model_of()
    files, recipe = written(model, panel.until(60), [0, 60], tmp_path)
    frame = pd.read_parquet(files[0]).assign(relative=np.float32(0))
    frame.to_parquet(files[0], index=False)
    rows = TrainingRows.in_files(files, recipe.names)
    with pytest.raises(DataError, match="history holds 0 rows to learn from"):
        model.fit_rows(rows, recipe, panel.until(60), 60)
    with pytest.raises(DataError, match="9 periods of history are too short"):
        model.fit_rows(rows, recipe, panel.until(9), 60)
