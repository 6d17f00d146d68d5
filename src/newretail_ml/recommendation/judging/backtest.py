"""Backtests of recommenders: what would each have shown, and what was bought?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.parameters import named_models
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.judging import names as w
from newretail_ml.recommendation.judging.evaluate import in_place, labels_at
from newretail_ml.recommendation.judging.judgement import CAUTION, Judgement
from newretail_ml.recommendation.judging.question import Question
from newretail_ml.recommendation.judging.reading import read_truth
from newretail_ml.recommendation.judging.truth import Offered, true_pairs
from newretail_ml.recommendation.judging.values import read_prices
from newretail_ml.recommendation.lists.availability import Available

_DAY_SECONDS = 86_400


def backtest_recommenders(
    models: Recommender | Sequence[Recommender] | Mapping[str, Recommender],
    interactions: Interactions,
    *,
    horizon_days: float = 28,
    cuts: int | Sequence[str | pd.Timestamp] = 2,
    k: int = 10,
    views: Sequence[str] = w.VIEWS,
    available: Offered = None,
    prices: pd.DataFrame | None = None,
    progress: bool = True,
) -> Judgement:
    """Fit each model at several cuts, ask for lists, and compare with what was bought next.

    A model sees what was known at the cut. Judged are customers who were known then and bought
    something known within the horizon: in the *next* view anything, in the *discovery* view what
    they never bought before, and the model leaves out what they did.

    A caution: what was bought is judged, without these lists being shown, under the slates,
    shelves and prices of that time. What nobody saw could hardly be bought, and what was bought
    may have needed no list. The order of models is a good guess; what they would sell is not
    known before a trial.

    Args:
        models: the models, named or not; each is cloned and fitted anew at every cut.
        interactions: the whole history.
        horizon_days: days after a cut whose purchases are true.
        cuts: times, or how many cuts; the last one then leaves exactly one horizon, and they are
            one horizon apart.
        k: slots of a list.
        views: next, discovery, or both.
        available: what can be offered, as in `Recommender.recommend`, or a function that makes it
            from the history at the cut, such as `available_items`: lists hold what the customer's
            shop had at the last close, and what it had not is neither shown nor missed.
        prices: item_id, price, and unit_cost if known, for revenue and margin of the hits; by
            default those of the interactions at each cut.
        progress: show a progress bar.

    Raises:
        DataError: history does not hold the cuts, or no model could be judged.

    >>> from newretail_ml.recommendation import Popularity
    >>> days = pd.date_range("2026-01-01", periods=60)
    >>> orders = pd.DataFrame({"customer_id": ["ann", "bob"] * 30, "time": days,
    ...                        "item_id": ["tea", "jam", "tea", "egg", "jam", "tea"] * 10})
    >>> found = backtest_recommenders({"popular": Popularity()}, Interactions.from_frame(orders),
    ...                               horizon_days=14, k=1, views=["next"], progress=False)
    >>> found.table()["hit_rate"].to_dict()
    {('next', 'popular'): 1.0}
    """
    from tqdm import tqdm

    named = _named(models)
    k = check_whole("k", k, at_least=1)
    task = _Task(
        interactions=interactions,
        horizon_days=horizon_days,
        views=_views(views),
        available=available,
        prices=None if prices is None else read_prices(prices),
    )
    rounds = [task.round(cut) for cut in cuts_of(interactions, horizon_days, cuts)]
    found = _Found()
    with tqdm(total=len(named) * len(rounds), desc="backtest", disable=not progress) as bar:
        for name, model in named.items():
            try:
                found.add([_judged(name, model, one, k, bar.update) for one in rounds])
            except DataError as error:
                found.not_run[name] = str(error)
    return found.judgement(rounds, k)


def cuts_of(
    interactions: Interactions, horizon_days: float, cuts: int | Sequence[str | pd.Timestamp]
) -> list[pd.Timestamp]:
    """The cuts, oldest first; each leaves one horizon and has events before it."""
    check_number("horizon_days", horizon_days, above=0.0)
    horizon = pd.Timedelta(seconds=round(horizon_days * _DAY_SECONDS))
    end = pd.Timestamp(interactions.cut)
    if isinstance(cuts, int | np.integer):
        number = check_whole("cuts", int(cuts), at_least=1)
        times = [(end - horizon * back).as_unit("s") for back in range(number, 0, -1)]
    else:
        given = as_dates(pd.Series(list(cuts), dtype=object, name="cuts"), "backtest")
        times = sorted({cut.as_unit("s") for cut in given.dropna()})
    first = pd.Timestamp(interactions.events.time.min()) if len(interactions.events) else end
    if not times or times[0] <= first or times[-1] + horizon > end:
        raise DataError(
            f"events from {first:%Y-%m-%d} to before {end:%Y-%m-%d} do not hold these cuts with "
            f"{horizon_days:g} days after each and something to learn from before",
            table="interactions",
            next_step="Ask for fewer or other cuts, or a shorter horizon.",
        )
    return times


@dataclass(frozen=True, eq=False)
class _Round:
    """A cut, what was known then, what can be offered, and what is asked."""

    cut: pd.Timestamp
    history: Interactions
    available: Available
    questions: list[Question]


@dataclass(frozen=True, eq=False)
class _Task:
    """What all models are asked; the arguments are those of `backtest_recommenders`."""

    interactions: Interactions
    horizon_days: float
    views: tuple[str, ...]
    available: Offered
    prices: pd.DataFrame | None

    def round(self, cut: pd.Timestamp) -> _Round:
        history = self.interactions.until(cut)
        end = cut + pd.Timedelta(seconds=round(self.horizon_days * _DAY_SECONDS))
        later = read_truth(self.interactions.between(cut, end))
        available = self.available(history) if callable(self.available) else self.available
        questions = []
        for view in self.views:
            pairs, notes = true_pairs(later, history, view, available)
            dated = tuple(f"from {cut:%Y-%m-%d}, {note}" for note in notes)
            questions.append(Question.of(view, pairs, history, self.prices, dated))
        return _Round(cut, history, available, questions)


@dataclass(frozen=True, eq=False)
class _Answer:
    """What one model showed at one cut, judged."""

    by_customer: pd.DataFrame
    coverage: list[dict[str, object]]
    seconds: dict[str, object]


@dataclass
class _Found:
    """The answers while they grow."""

    answers: list[_Answer] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)

    def add(self, answers: list[_Answer]) -> None:
        self.answers += answers

    def judgement(self, rounds: list[_Round], k: int) -> Judgement:
        if not self.answers:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.not_run.items())
            raise DataError(f"no model could be judged: {reasons}", next_step="Correct them.")
        notes = [note for one in rounds for ask in one.questions for note in ask.notes]
        return Judgement(
            by_customer=pd.concat([one.by_customer for one in self.answers], ignore_index=True),
            coverage=pd.DataFrame([row for one in self.answers for row in one.coverage]),
            labels=pd.concat([labels_at(one.history, one.cut) for one in rounds]),
            k=k,
            not_run=self.not_run,
            seconds=pd.DataFrame([one.seconds for one in self.answers]),
            notes=(*dict.fromkeys(notes), CAUTION),
        )


def _judged(
    name: str, model: Recommender, asked: _Round, k: int, done: Callable[[], object]
) -> _Answer:
    started = perf_counter()
    fitted = model.clone().fit(asked.history)
    fit_seconds, started = perf_counter() - started, perf_counter()
    shown = [
        fitted.recommend(
            question.customers,
            k,
            available=asked.available,
            exclude_bought=question.view == w.DISCOVERY,
        )
        for question in asked.questions
    ]
    list_seconds = perf_counter() - started
    tables, coverage = [], []
    for question, lists in zip(asked.questions, shown, strict=True):
        place: dict[str, object] = {c.MODEL: name, w.VIEW: question.view, w.CUT: asked.cut}
        scores, covered = question.judge(lists, k, name)
        tables.append(in_place(scores, place))
        coverage.append({**place, w.COVERAGE: covered})
    done()
    seconds: dict[str, object] = {c.MODEL: name, w.CUT: asked.cut}
    seconds |= {w.FIT_SECONDS: fit_seconds, w.LIST_SECONDS: list_seconds}
    return _Answer(pd.concat(tables, ignore_index=True), coverage, seconds)


def _views(views: Sequence[str]) -> tuple[str, ...]:
    """The views, each once."""
    named = (views,) if isinstance(views, str) else tuple(dict.fromkeys(views))
    if not named:
        raise DataError("there is no view", next_step=f"Choose from {', '.join(w.VIEWS)}.")
    return named


def _named(
    models: Recommender | Mapping[str, Recommender] | Sequence[Recommender],
) -> dict[str, Recommender]:
    if isinstance(models, Recommender):
        models = [models]
    named = named_models(models)
    given: list[object] = list(named.values())
    for model in given:
        if not isinstance(model, Recommender):
            a_class = isinstance(model, type)
            name = model.__name__ if isinstance(model, type) else type(model).__name__
            raise DataError(
                f"{name} is a class, not a model" if a_class else f"a {name} is no Recommender",
                next_step=f"Pass a model, such as {name}()."
                if a_class
                else "Judge lists of others with evaluate(lists, truth, history).",
            )
    return named
