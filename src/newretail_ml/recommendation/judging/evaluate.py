"""Lists from anywhere, judged by what was bought afterwards."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import names as w
from newretail_ml.recommendation.judging.judgement import CAUTION, Judgement
from newretail_ml.recommendation.judging.question import Question
from newretail_ml.recommendation.judging.reading import has_times, read_history, read_truth
from newretail_ml.recommendation.judging.segments import customer_labels
from newretail_ml.recommendation.judging.truth import true_pairs
from newretail_ml.recommendation.judging.values import read_prices
from newretail_ml.recommendation.lists.availability import Available


def evaluate(
    lists: pd.DataFrame | Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    history: Interactions | pd.DataFrame | None = None,
    k: int = 10,
    *,
    view: str = w.NEXT,
    available: Available = None,
    prices: pd.DataFrame | None = None,
) -> Judgement:
    """How well lists met what was bought, how varied they are, and what hits were worth.

    Judged are the customers with anything true, those without a list too: they have no hit.
    Nothing is won by repetition: rows that are the same are one slot, an item listed twice hits
    once and wastes the other slot, and what was bought twice is one true item.

    What was bought is judged, under the slates of that time; see `Judgement.notes`.

    Args:
        lists: customer_id (or user_id), item_id, and rank from 1 or score (more is better, ties
            by item); or several such tables, by name of the model.
        truth: what was bought later: customer_id, item_id, and units if known.
        history: what the lists were made from: interactions, or customer_id and item_id. With
            it, customers and items that it does not know are not judged; without it, coverage,
            novelty, diversity and the repeat share are not known.
        k: slots that count.
        view: next: all that was bought. Discovery: what the customer never bought before; a list
            that shows something else wastes its slots.
        available: what could be offered, as in `Recommender.recommend`; other items are no truth.
        prices: item_id, price, and unit_cost if known, for revenue and margin of the hits; by
            default those of the history at its cut.

    Raises:
        DataError: a table cannot be used, or nothing is true.

    >>> truth = pd.DataFrame({"customer_id": ["ann", "ann"], "item_id": ["tea", "jam"]})
    >>> lists = pd.DataFrame({"customer_id": "ann", "item_id": ["tea", "egg", "jam"],
    ...                       "rank": [1, 2, 3]})
    >>> judged = evaluate(lists, truth, k=3)
    >>> judged.table()[["ndcg", "recall", "average_precision"]].round(4).iloc[0].to_dict()
    {'ndcg': 0.9197, 'recall': 1.0, 'average_precision': 0.8333}
    """
    k = check_whole("k", k, at_least=1)
    known = read_history(history)
    pairs, notes = true_pairs(read_truth(truth), known, view, available)
    question = Question.of(
        view, pairs, known, None if prices is None else read_prices(prices), notes
    )
    timed = known if has_times(history) else None
    cut = pd.NaT if timed is None else pd.Timestamp(timed.cut)
    found, covered = [], []
    for name, one in _named(lists).items():
        scores, coverage = question.judge(one, k, name)
        place = {c.MODEL: name, w.VIEW: view, w.CUT: cut}
        found.append(in_place(scores, place))
        covered.append({**place, w.COVERAGE: coverage})
    return Judgement(
        by_customer=pd.concat(found, ignore_index=True),
        coverage=pd.DataFrame(covered),
        labels=labels_at(timed, cut),
        k=k,
        notes=(*question.notes, CAUTION),
    )


def _named(lists: pd.DataFrame | Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    if isinstance(lists, pd.DataFrame):
        return {"lists": lists}
    if not isinstance(lists, Mapping) or not lists:
        raise DataError(
            "there are no lists", next_step="Pass a table, or tables by name of the model."
        )
    return dict(lists)


def in_place(scores: pd.DataFrame, place: Mapping[str, object]) -> pd.DataFrame:
    """The scores behind the columns that say whose and of when they are."""
    return scores.assign(**place)[[*place, *scores.columns]]


def labels_at(known: Interactions | None, cut: pd.Timestamp) -> pd.DataFrame:
    """Kinds of the customers at a cut; none where nothing is known of them."""
    if known is None:
        return pd.DataFrame({w.CUT: [], c.CUSTOMER: []})
    labels = customer_labels(known)
    labels.insert(0, w.CUT, cut)
    return labels
