"""The champion's alias moves with a reason, and not by chance."""

import importlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml import tracking
from newretail_ml.cli.main import newretail
from newretail_ml.errors import DataError

NAME = "demand"
UNITS = 40


@dataclass(frozen=True)
class Registry:
    """A store with a registered model, filled by the test."""

    store: Path
    client: Any

    def judge(
        self,
        gains: dict[str, float],
        *,
        folds: int = 4,
        by_unit: bool = False,
        seed: int = 0,
        data: str = "aaa",
        spread: float = 0.02,
    ) -> str:
        """A comparison of models, each by so much better than the folds are hard."""
        rng = np.random.default_rng(seed)
        hard = rng.normal(1.0, 0.3, (UNITS, folds))
        parts = []
        for name, gain in gains.items():
            loss = hard - gain + rng.normal(0.0, spread, (UNITS, folds))
            parts.append(
                pd.DataFrame(
                    {
                        "model": name,
                        "unit": np.repeat([f"item {n}" for n in range(UNITS)], folds),
                        "fold": np.tile(pd.date_range("2026-01-01", periods=folds), UNITS),
                        "metric": "wape",
                        "value": loss.ravel(),
                    }
                )
            )
        units = pd.concat(parts, ignore_index=True)
        scores = units.groupby(["model", "fold", "metric"])["value"].mean().reset_index()
        with tracking.run("demand", store=self.store, required=True) as run:
            run.log_comparison(
                scores,
                question="Which forecast is best?",
                better={"wape": "lower"},
                models={name: {"gain": gain} for name, gain in gains.items()},
                paired=units if by_unit else None,
                data=data,
            )
        assert run.run_id is not None
        return run.run_id

    def register(self, run_id: str | None, model: str, **tags: str) -> str:
        """A new version, made by a run, with the alias challenger."""
        given = {"model": model, **tags}
        made = self.client.create_model_version(NAME, f"{self.store}/x", run_id, tags=given)
        self.client.set_registered_model_alias(NAME, "challenger", made.version)
        return str(made.version)

    def tags(self, version: str) -> dict[str, str]:
        return dict(self.client.get_model_version(NAME, version).tags)

    @property
    def champion(self) -> str | None:
        number = self.client.get_registered_model(NAME).aliases.get("champion")
        return None if number is None else str(number)

    def promote(self, challenger: str = "@challenger", **more: Any) -> tracking.Promotion:
        return tracking.promote(NAME, challenger, store=self.store, **more)


@pytest.fixture
def registry(store: Path) -> Iterator[Registry]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{store}/mlflow.db")
    client.create_registered_model(NAME)
    yield Registry(store, client)


@pytest.fixture(scope="module")
def contested(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A champion and challengers, judged at once; only for tests that change nothing."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("contested")
    shutil.copy(empty_store, folder)
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.create_registered_model(NAME)
    made = Registry(folder, client)
    run_id = made.judge({"naive": 0.0, "better": 0.1, "equal": 0.0001, "worse": -0.1})
    for model in ("naive", "better", "equal", "worse", "stranger"):
        made.register(run_id, model)
    client.set_registered_model_alias(NAME, "champion", "1")
    return made


def test_the_first_champion_is_unopposed(registry: Registry) -> None:
    version = registry.register(None, "naive")
    decided = registry.promote()
    assert (decided.promoted, decided.moved, registry.champion) == (True, True, version)
    assert "there was no champion yet" in decided.words
    assert registry.tags(version)["promotion.against"] == "nobody"
    assert registry.promote(version).why == "it is the champion already"


def test_a_better_challenger_takes_the_place_and_says_why(registry: Registry) -> None:
    run_id = registry.judge({"naive": 0.0, "better": 0.1})
    first, second = (registry.register(run_id, model) for model in ("naive", "better"))
    registry.promote(first)
    dry = registry.promote(second, dry_run=True)
    assert (dry.promoted, dry.moved, registry.champion) == (True, False, first)
    assert "would become version 2 (dry run)" in dry.words
    assert "promotion.why" not in registry.tags(second)
    decided = registry.promote()
    assert (decided.moved, decided.champion, registry.champion) == (True, first, second)
    told = registry.tags(second)
    assert told["promotion.verdict"] == "promoted"
    assert "better beyond chance: wape 0.9" in told["promotion.why"]
    assert told["promotion.against"] == first
    assert told["promotion.metric"] == "wape"


@pytest.mark.parametrize(
    ("version", "words"),
    [("4", "the challenger is not better: wape 1.1"), ("1", "it is the champion already")],
)
def test_a_challenger_that_is_not_better_stays_one(
    contested: Registry, version: str, words: str
) -> None:
    decided = contested.promote(version, dry_run=True)
    assert not decided.promoted
    assert decided.words.startswith("demand@champion stays version 1: ")
    assert words in decided.why


def test_a_model_that_is_as_good_wins_no_more_often_than_chance_allows() -> None:
    """5% of equal challengers would come out apart at most, and half of those as better."""
    from newretail_ml.tracking.noise import LUCK, paired_over_folds

    rng = np.random.default_rng(3)
    found = [paired_over_folds(rng.normal(size=6), in_time=True) for _ in range(2000)]
    won = np.mean([one.p_value < LUCK and one.mean < 0 for one in found])
    assert 0.01 < won < 0.04


def test_three_cuts_alone_are_too_few(registry: Registry) -> None:
    run_id = registry.judge({"naive": 0.0, "better": 0.5}, folds=3)
    first, second = (registry.register(run_id, model) for model in ("naive", "better"))
    registry.promote(first)
    decided = registry.promote(second)
    assert not decided.promoted
    assert registry.champion == first
    assert "ahead, but nothing tells chance from skill" in decided.why
    assert "3 folds cannot tell whether it lasts, that takes 4" in decided.why
    assert "no series or customers were logged" in decided.why
    assert registry.tags(second)["promotion.verdict"] == "kept back"


def test_series_tell_where_cuts_are_too_few(registry: Registry) -> None:
    run_id = registry.judge({"naive": 0.0, "better": 0.1, "same": 0.0}, folds=1, by_unit=True)
    for model in ("naive", "same", "better"):
        registry.register(run_id, model)
    registry.promote("1")
    assert not registry.promote("2").promoted
    decided = registry.promote("3")
    assert decided.moved
    assert "over 40 series or customers p < 0.001" in decided.why
    assert decided.contest is not None
    assert np.isnan(decided.contest.p_folds)


def test_series_that_differ_too_much_keep_a_lucky_challenger_back(registry: Registry) -> None:
    """All folds agree, but on the luck of a few series."""
    run_id = registry.judge({"naive": 0.0, "lucky": 0.05}, by_unit=True, spread=2.0, seed=4)
    for model in ("naive", "lucky"):
        registry.register(run_id, model)
    registry.promote("1")
    decided = registry.promote("2")
    assert not decided.promoted


def test_a_champion_judged_again_beside_the_challenger_is_found(registry: Registry) -> None:
    old = registry.judge({"naive": 0.0}, data="old")
    first = registry.register(old, "naive")
    registry.promote(first)
    new = registry.judge({"naive": 0.0, "better": 0.1}, data="new")
    second = registry.register(new, "better")
    assert registry.promote(second).moved


def test_other_data_or_cuts_are_refused_with_the_way_out(registry: Registry) -> None:
    registry.promote(registry.register(registry.judge({"naive": 0.0}), "naive"))
    other = registry.register(registry.judge({"better": 0.1}, data="bbb"), "better")
    with pytest.raises(DataError, match=r"other data: bbb instead of aaa.*--model better"):
        registry.promote(other)
    cuts = registry.register(registry.judge({"wider": 0.1}, folds=5), "wider")
    with pytest.raises(DataError, match=r"other folds: 2026-01-01, .*Judge both at once"):
        registry.promote(cuts)
    assert registry.champion == "1"
    assert not [name for name in registry.tags(other) if name.startswith("promotion")]


def test_a_refit_on_later_data_takes_its_own_place(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newretail_ml.tracking.versions import Version

    monkeypatch.setattr(Version, "params", {"window": "28"})
    for day in ("2026-03-01", "2026-03-08", "2026-03-08"):
        registry.register(None, "naive", **{"data.last_date": day})
    registry.promote("1")
    decided = registry.promote("2")
    assert decided.moved
    assert "fitted on data until 2026-03-08 instead of 2026-03-01" in decided.why
    assert "not fitted on later data" in registry.promote("3").why


def test_of_two_who_promote_at_once_the_second_asks_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        registry.register(None, "naive")
    promoting = importlib.import_module("newretail_ml.tracking.promote")
    tell = promoting._tell

    def slowly(client: Any, decided: tracking.Promotion) -> None:
        tell(client, decided)
        client.set_registered_model_alias(NAME, "champion", "2")

    monkeypatch.setattr(promoting, "_tell", slowly)
    with pytest.raises(DataError, match="was moved by somebody else meanwhile"):
        registry.promote("1")
    assert registry.champion == "2"


def test_a_model_judged_with_other_parameters_is_another_one(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newretail_ml.tracking.versions import Version

    run_id = registry.judge({"naive": 0.0, "better": 0.1})
    first, second = (registry.register(run_id, model) for model in ("naive", "better"))
    registry.promote(first)
    monkeypatch.setattr(Version, "params", {"gain": "0.1", "window": "28"})
    with pytest.raises(DataError, match=r"a model of that name with other parameters \(window\)"):
        registry.promote(second)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.promote("9"), "has no version 9. Choose from 1, 2, 3, 4, 5"),
        (lambda r: r.promote("@best"), "no alias @best.*@challenger, @champion"),
        (lambda r: r.promote("2", metric="mase"), "not judged by 'mase'. Choose from wape"),
        (lambda r: r.promote("5"), r"version 5 \(stranger\) was not judged.*there are better"),
        (lambda r: r.promote("2", experiment="x"), "there is no experiment 'x'"),
        (
            lambda r: tracking.promote("dem'and", 1, store=r.store),
            'no registered model "dem\'and" with a version. Choose from demand',
        ),
    ],
)
def test_what_cannot_be_promoted_is_said(
    contested: Registry, ask: Callable[[Registry], object], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        ask(contested)
    assert contested.champion == "1"


def test_the_command_says_the_decision(contested: Registry) -> None:
    asked = ["promote", NAME, "--challenger", "2", "--dry-run", "--tracking", str(contested.store)]
    answer = CliRunner().invoke(newretail, asked)
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("demand@champion would become version 2 (dry run): the chall")
    answer = CliRunner().invoke(newretail, [*asked[:3], "@nobody", *asked[5:]])
    assert answer.exit_code == 1
    assert "has no alias @nobody" in answer.output
