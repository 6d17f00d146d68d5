"""One fit for all partitions: the same whoever works on how many, and found again."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml import Panel, RetailTables
from newretail_ml.errors import DataError
from newretail_ml.forecasting import LightGBMForecaster, MovingAverage
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.jobs import Batch, Stage, local, models, pool, split
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.fitting import all_rows, fitted_once
from newretail_ml.jobs.fitting.panels import in_order, joined
from newretail_ml.jobs.fitting.rows import RowsTask
from newretail_ml.jobs.fitting.survey import Survey, SurveyTask
from newretail_ml.jobs.forecast import ForecastTask
from newretail_ml.jobs.models import StandardModel
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.together import first_of
from tests.jobs.conftest import asked

BY, UNTIL = ("item_id", "location_id"), "2025-04-20"
TARGETS = 234  # two horizons for each of 120 days, where there are days enough before it
SERIES = SeriesOf(BY, "D", None, 16)
ON_ALL = StandardModel("lightgbm", "all")


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Standard models that are fitted fast; who fits them is the driver."""

    def small(horizon, seed, **_):
        trees = LightGBMForecaster(horizon, max_rounds=15, n_threads=1, random_state=seed)
        return {"lightgbm": trees, "moving-average": MovingAverage()}

    monkeypatch.setattr(models, "standard_models", small)


@pytest.fixture(scope="module")
def staged(chain, tmp_path_factory):
    """The chain in so many partitions."""
    made = {}

    def stage(partitions, engine=local, source=chain):
        key = (partitions, source)
        if key not in made:
            work = tmp_path_factory.mktemp("stage")
            made[key] = work, split(source, work, "item_id", partitions).partitions
        work, parts = made[key]
        return Stage(parts, work, engine)

    return stage


@pytest.fixture(scope="module")
def in_memory(whole):
    """The fit on the whole chain at once, whose series stand in the order of blocks."""
    ordered, _ = in_order(SERIES, whole)
    return LightGBMForecaster(7, max_rounds=15, n_threads=1, random_state=3).fit(ordered)


def texts(model):
    return [booster.model_to_string() for booster in model.boosters_]


@pytest.mark.parametrize(("partitions", "engine"), [(3, 2), (16, None)])
def test_out_of_core_is_the_fit_in_memory_to_the_bit(partitions, engine, staged, in_memory, whole):
    stage = staged(partitions, pool(engine) if engine else local)
    once = fitted_once(ON_ALL, SERIES, 7, 3, stage)
    model = once.load()
    assert model.recipe_.features == recipe_of("default", whole).fixed(whole).features
    assert texts(model) == texts(in_memory)
    assert np.array_equal(model.past_.forecast, in_memory.past_.forecast)
    told = f"once, on {TARGETS * whole.n_series:,} rows of all {whole.n_series} series, of "
    assert once.fitted.startswith(told)


def test_found_again_and_nothing_left_behind(staged, monkeypatch):
    stage = staged(3)
    first = fitted_once(ON_ALL, SERIES, 7, 3, stage)
    finished = [pd.read_parquet(file) for file in stage.work.glob("finished/*/result.parquet")]
    assert finished
    assert not any("relative" in rows for rows in finished)
    monkeypatch.setattr(LightGBMForecaster, "fit_rows", None)
    assert fitted_once(ON_ALL, SERIES, 7, 3, stage) == first


def test_killed_before_the_model_is_saved(chain, tmp_path, monkeypatch):
    stage = Stage(split(chain, tmp_path, "item_id", 3).partitions, tmp_path)
    with monkeypatch.context() as patched, pytest.raises(TypeError):
        patched.setattr(LightGBMForecaster, "save", None)
        fitted_once(ON_ALL, SERIES, 7, 3, stage)
    monkeypatch.setattr(RowsTask, "__call__", None)
    assert fitted_once(ON_ALL, SERIES, 7, 3, stage).load().boosters_


def test_of_many_series_some_are_looked_back_on(staged, whole):
    ordered, _ = in_order(SERIES, whole)
    few = {"n_donors": 10, "max_rows": 2_000, "max_rounds": 20, "n_threads": 1}
    expected = LightGBMForecaster(7, **few).fit(ordered)
    found, words, files = all_rows.fit_on_all(LightGBMForecaster(7, **few), SERIES, staged(3))
    assert files
    assert found.past_.actual.shape[0] == 10
    assert found.panel_.keys.equals(expected._donors(ordered).keys)
    assert texts(found) == texts(expected)
    assert words.startswith("1,")
    assert words.endswith(f" rows of all {whole.n_series} series")


def test_what_comes_after_the_cut_teaches_nothing(chain, frames, staged, tmp_path):
    """Later sales, stock and shops; plans of prices may be known."""
    edited = tmp_path / "chain"
    shutil.copytree(chain, edited)
    for name, column, day in (("orders", "units", "time"), ("stock", "on_hand", "date")):
        table = frames[name].copy()
        later = pd.to_datetime(table[day]) >= pd.Timestamp(UNTIL) + pd.Timedelta(days=1)
        assert later.any()
        table.loc[later, column] = 7 * table.loc[later, column] + 5
        table.to_parquet(edited / f"{name}.parquet")
    series = SeriesOf(BY, "D", UNTIL, 16)
    one, other = (
        fitted_once(ON_ALL, series, 7, 3, staged(1, source=source)) for source in (chain, edited)
    )
    assert one.digest != other.digest, "the tables are others, so the fit is made again"
    assert texts(one.load()) == texts(other.load())
    assert np.array_equal(one.load().past_.forecast, other.load().past_.forecast)


def test_categories_are_those_of_the_chain(staged, whole):
    """A partition of a few items does not know all of them."""
    stage = staged(16)
    survey = Survey.of(stage.run(SurveyTask(SERIES)).results)
    assert survey.n_series == whole.n_series
    chain = recipe_of("rich", whole).fixed(whole).features
    assert recipe_of("rich", survey.panel).fixed(survey.panel).features == chain
    part, _ = SERIES.panel(RetailTables.read(stage.partitions[0].folder))
    assert recipe_of("rich", part).fixed(part).features != chain


def test_panels_of_which_one_has_no_prices():
    dates = pd.date_range("2026-01-01", periods=3)
    one = pd.DataFrame({"item_id": "tea", "date": dates, "units": 1.0})
    priced = one.assign(item_id="cup", price=2.0)
    made = joined([Panel.from_frame(one), Panel.from_frame(priced)])
    assert made.keys["item_id"].tolist() == ["tea", "cup"]
    assert np.array_equal(made.plans["price"], [[np.nan] * 3, [2.0] * 3], equal_nan=True)


def test_a_sample_that_is_the_whole_chain(staged, whole, chain, tmp_path):
    once = fitted_once(StandardModel("moving-average", "sample"), SERIES, 7, 3, staged(3))
    assert np.array_equal(once.load().panel_.units, whole.units)
    lines = sum(len(pd.read_parquet(one.folder / "orders.parquet")) for one in staged(3).partitions)
    assert (
        once.fitted
        == f"once, on {whole.n_series} series with {lines:,} order lines, of {lines:,} order lines"
    )


def test_a_sample_is_the_first_partitions(staged, monkeypatch):
    stage = staged(16)
    folders = [part.folder for part in stage.partitions]
    some = [len(pd.read_parquet(folder / "orders.parquet")) for folder in folders[:2]]
    assert list(first_of(folders, 1)) == folders[:1]
    assert list(first_of(folders, sum(some))) == folders[:2]
    model = StandardModel("lightgbm", "sample", sum(some))
    once = fitted_once(model, SERIES, 7, 3, stage)
    blocks = [int(folder.name) for folder in folders[:2]]
    _, block = in_order(SERIES, once.load().panel_)
    assert set(block) == set(blocks)
    monkeypatch.setattr(LightGBMForecaster, "fit", None)
    assert fitted_once(model, SERIES, 7, 3, stage) == once


def test_orders_by_one_fit(chain, ask, whole, tmp_path):
    words = ["orders", chain, "--model", "lightgbm", "--fit", "all", "--horizon", 7]
    words += ["--partitions", 2, "--engine", "local", "--lead-time", 2]
    told = ask(*words, "--out", tmp_path / "out.parquet")
    assert told.code == 0, told.err
    assert "by lightgbm, fitted once, on 7," in told.out
    orders = pd.read_parquet(tmp_path / "out.parquet")
    assert len(orders) == whole.n_series
    assert orders["units"].sum() > 0


def test_a_job_that_does_not_prepare_its_fit(chain, tmp_path):
    task = ForecastTask(Demand(SERIES, ON_ALL, 7, 3))
    assert task.facts()["model"]["fitted"] == "once, on rows of all partitions"
    with pytest.raises(Exception, match=r"Run the job with prepare=task\.prepared"):
        Batch(chain, tmp_path / "out.csv", partitions=2).run(task)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (("auto", "all"), "Fit it on each or on a sample, or fit lightgbm on all"),
        (("auto", "half"), "Use one of each, sample, all"),
        (("lightgbm", "all", 0), "most_rows"),
    ],
)
def test_fits_that_there_are_not(given, match):
    with pytest.raises(DataError, match=match):
        StandardModel(*given)


def test_too_few_rows_or_days(staged):
    few = StandardModel("lightgbm", "all", 1_000)
    with pytest.raises(DataError, match=r"Allow 1,\d\d\d rows .--fit-rows., or fit on a sample"):
        fitted_once(few, SERIES, 7, 3, staged(3))
    with pytest.raises(DataError, match="120 periods of history are too short"):
        fitted_once(ON_ALL, SERIES, 100, 3, staged(3))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fit", "sample"], "Without --partitions a model is fitted on all series, once"),
        (["--fit-rows", "5", "--partitions", "2"], "--fit-rows needs --fit sample or --fit all"),
        (["--fit", "all", "--partitions", "2"], "fit lightgbm on all"),
    ],
)
def test_what_cannot_be_asked(words, said, chain, tmp_path):
    told = asked("forecast", chain, "--out", tmp_path / "out.csv", *words)
    assert told.code != 0
    assert said in " ".join(told.err.split())


def test_a_saved_model_is_not_fitted_again(chain, saved, tmp_path):
    words = ["--model", saved, "--partitions", "2", "--fit", "sample"]
    told = asked("forecast", chain, "--out", tmp_path / "out.csv", *words)
    assert told.code == 2
    assert "is fitted already: leave --fit out" in " ".join(told.err.split())


PEAK = """
import sys
from pathlib import Path
from newretail_ml.jobs.memory import peak_memory
from newretail_ml.forecasting.trees.boosting import Boosting
from newretail_ml.forecasting.trees.training import TrainingRows

def fit(files, names, chunk=65_536):
    rows = TrainingRows.in_files(files, names, chunk)
    boosting = Boosting("tweedie", 2, {"num_threads": 1, "bin_construct_sample_cnt": 2_000})
    binned = rows.binned(boosting)
    boosting.stopped_early(binned.data, *binned.split(300))
    boosting.boosted(binned.data, binned.usable, [2])

names = [f"f{n}" for n in range(40)]
files = [Path(one) for one in sys.argv[1:]]
fit(files[:1], names)
before = peak_memory()
fit(files, names)
print((peak_memory() - before) << 20)
"""


def test_memory_grows_by_what_the_formula_says(tmp_path):
    """Four files need more memory than one by their bins and labels, not by their features.

    So few rows all have a part in early stopping, and count twice; as an array, their features
    would take 160 bytes a row besides.
    """
    rng, n_rows, names = np.random.default_rng(0), 100_000, [f"f{n}" for n in range(40)]
    values = rng.random((n_rows, 40), dtype=np.float32)
    frame = pd.DataFrame(values, columns=names).assign(
        target=rng.integers(0, 400, n_rows).astype(np.int32),
        relative=rng.gamma(1.0, 1.0, n_rows).astype(np.float32),
        usable=rng.random(n_rows) > 0.05,
    )
    file = tmp_path / "rows.parquet"
    frame.to_parquet(file, index=False)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *[str(file)] * 4],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    grown = int(done.stdout) / (3 * n_rows)
    assert 40 < grown < 2 * (3 * 40 + 70)
