"""What was found of recommenders: tables of means with their errors, by segment, and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole, need_columns, refuse_repeated
from newretail_ml.errors import DataError
from newretail_ml.recommendation.judging import names as w
from newretail_ml.recommendation.judging.comparing import compared
from newretail_ml.recommendation.judging.doubt import clustered_mean
from newretail_ml.tables.parsing import to_text
from newretail_ml.wording import counted

CAUTION = (
    "What was bought is judged, under the slates and shelves of that time: what nobody was shown "
    "could hardly be bought. Models that resemble the old slates look better than they are, and "
    "a hit may have been bought without any list. Only a trial, or a log that knows its chances, "
    "tells what lists sell."
)
_SHOWN = (w.NDCG, w.RECALL, w.HIT_RATE, w.COVERAGE, w.NOVELTY, w.DIVERSITY, w.REPEAT_SHARE)


@dataclass(frozen=True, eq=False, repr=False)
class Judgement:
    """How good lists were.

    Attributes:
        by_customer: one row a model, view, cut and judged customer: true_items, shown, measures.
        coverage: one row a model, view and cut: the share of the known items in any list.
        labels: one row a cut and known customer: activity, recency, columns of the customers.
        k: slots of a list.
        not_run: why a model could not be judged, by model.
        seconds: one row a model and cut: fit_seconds and list_seconds.
        notes: what the reader should know; the last one is on what such a judgement cannot tell.
    """

    by_customer: pd.DataFrame
    coverage: pd.DataFrame
    labels: pd.DataFrame
    k: int
    not_run: Mapping[str, str] = field(default_factory=dict)
    seconds: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = (CAUTION,)

    def table(self, by: str = w.NDCG, *, view: str | None = None) -> pd.DataFrame:
        """Mean of each measure over customers and cuts, best first, with standard errors.

        A customer counts once for each cut; errors are clustered by customer. Coverage is the
        mean over cuts. The measures:

        - ``ndcg``, ``recall``, ``precision``, ``average_precision``, ``hit_rate`` and
          ``reciprocal_rank``: at k, see `newretail_ml.recommendation.judging.accuracy`;
        - ``revenue``, ``margin``: of the units that hits sold, money a customer and horizon;
          ``expected_margin``: one unit of what is shown, times how often that rank is bought;
        - ``repeat_share``: of the slots, items bought before; ``novelty``: bits; ``diversity``:
          share of pairs of different category, or else 1 - cosine of their buyers.

        Args:
            by: measure to sort by.
            view: next or discovery; both by default.

        Returns:
            Indexed by view and model: customers, each measure and its error (ndcg_error).
        """
        rows = self._of_view(view)
        table = _means(rows, [w.VIEW, c.MODEL], self.measures)
        shown = self.coverage.groupby([w.VIEW, c.MODEL], sort=False)[w.COVERAGE].mean()
        table[w.COVERAGE] = shown.reindex(table.index)
        self._check_measure(by, (*self.measures, w.COVERAGE))
        view_place = pd.factorize(table.index.get_level_values(w.VIEW))[0]
        order = np.lexsort((-table[by].fillna(-np.inf).to_numpy(), view_place))
        return table.iloc[order]

    def by_segment(
        self,
        by: str = w.ACTIVITY,
        *,
        view: str | None = None,
        labels: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """The table of each kind of customer.

        Args:
            by: activity (new: at most one order; of the others light up to their median number
                of orders, heavy above), recency, or a column of the customers table.
            view: next or discovery; both by default.
            labels: customer_id and a column ``by`` of your own.

        Raises:
            DataError: there is no such column, or a customer has two labels.
        """
        on = [w.CUT, c.CUSTOMER] if labels is None else [c.CUSTOMER]
        table = self.labels if labels is None else labels
        need_columns(table, "labels", [*on, by])
        table = table.assign(**{c.CUSTOMER: to_text(table[c.CUSTOMER])})
        refuse_repeated(table, "labels", on)
        rows = self._of_view(view).merge(table[[*on, by]], how="left", on=on)
        return _means(rows[rows[by].notna()], [w.VIEW, c.MODEL, by], self.measures)

    def compare(
        self,
        measure: str = w.NDCG,
        *,
        view: str | None = None,
        against: str | None = None,
        test: str = "t",
        confidence: float = 0.95,
        n_draws: int = 9_999,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Which models differ, on the same customers.

        Args:
            measure: one that is known of each customer.
            view: next or discovery; both by default.
            against: compare this model with each other one; by default all pairs.
            test: "t" (Student's t, errors clustered by customer) or "randomisation" (model names
                are swapped by chance, customer by customer).
            confidence: of each interval by itself.
            n_draws: swaps of the randomisation test.
            random_state: seed of the swaps.

        Returns:
            view, first, second, difference (first less second), standard_error, lower, upper,
            p_value, p_holm (adjusted for the number of comparisons of the view), customers.

        Raises:
            DataError: a model or the measure is not known, or there is only one model.
        """
        self._check_measure(measure, self.measures)
        check_number("confidence", confidence, above=0.0, at_most=1 - 1e-9)
        check_whole("n_draws", n_draws, at_least=1)
        pairs = self._pairs(against)
        rows = self._of_view(view)
        parts = [
            compared(part, measure, pairs, test, confidence, (n_draws, random_state)).assign(
                **{w.VIEW: name}
            )
            for name, part in rows.groupby(w.VIEW, sort=False)
        ]
        table = pd.concat(parts, ignore_index=True)
        return table[[w.VIEW, *table.columns.drop(w.VIEW)]]

    @property
    def measures(self) -> list[str]:
        """Measures of each customer that are known."""
        return [name for name in w.BY_CUSTOMER if name in self.by_customer]

    @property
    def models(self) -> list[str]:
        """Names of the models that were judged."""
        return [str(name) for name in self.by_customer[c.MODEL].unique()]

    def best(self, by: str = w.NDCG, view: str = w.NEXT) -> str:
        """Name of the model with the highest mean of a measure."""
        return str(self.table(by, view=view).index[0][1])

    def _of_view(self, view: str | None) -> pd.DataFrame:
        if view is None:
            return self.by_customer
        rows = self.by_customer[self.by_customer[w.VIEW] == view]
        if rows.empty:
            judged = " and ".join(self.by_customer[w.VIEW].unique())
            raise DataError(f"{view!r} was not judged", next_step=f"Choose {judged}.")
        return rows

    def _pairs(self, against: str | None) -> list[tuple[str, str]]:
        if len(self.models) < 2:
            raise DataError("there is one model", next_step="Judge two or more.")
        if against is None:
            return list(combinations(self.models, 2))
        if against not in self.models:
            raise DataError(
                f"there is no model {against!r}", next_step=f"Choose from {', '.join(self.models)}."
            )
        return [(against, name) for name in self.models if name != against]

    def _check_measure(self, measure: str, known: Sequence[str]) -> None:
        if measure not in known:
            raise DataError(
                f"{measure!r} is no measure here", next_step=f"Choose from {', '.join(known)}."
            )

    def __repr__(self) -> str:
        n_cuts = self.by_customer[w.CUT].nunique(dropna=False)
        lines = [
            f"Judgement of {counted(len(self.models), 'model')} at {counted(n_cuts, 'cut')}, "
            f"{counted(self.k, 'slot')} a list; ± is one standard error"
        ]
        for view, table in self.table().groupby(level=w.VIEW, sort=False):
            shown = [name for name in _SHOWN if name in table and table[name].notna().any()]
            words = pd.DataFrame({name: _with_errors(table, name) for name in shown})
            lines.append(f"\n{view}: {counted(int(table[w.CUSTOMERS].iloc[0]), 'customer')}")
            lines.append(words.droplevel(w.VIEW).rename_axis(None).to_string())
        lines += [f"\nNot judged: {name}: {why}" for name, why in self.not_run.items()]
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)])


def _means(rows: pd.DataFrame, by: list[str], measures: list[str]) -> pd.DataFrame:
    """Mean and error of each measure, one row a group; views and models as they came."""
    kept = {name: pd.Categorical(rows[name], rows[name].unique()) for name in by[:2]}
    found = {}
    for key, part in rows.assign(**kept).groupby(by, observed=True):
        cluster = pd.factorize(part[c.CUSTOMER])[0]
        row: dict[str, float] = {w.CUSTOMERS: part[c.CUSTOMER].nunique()}
        for name in measures:
            estimate = clustered_mean(part[name].to_numpy(float), cluster)
            row |= {name: estimate.mean, f"{name}{w.ERROR}": estimate.error}
        found[key] = row
    table = pd.DataFrame(list(found.values()))
    table.index = pd.MultiIndex.from_tuples(list(found), names=by)
    return table


def _with_errors(table: pd.DataFrame, name: str) -> pd.Series:
    values = table[name].map("{:.4f}".format)
    error = f"{name}{w.ERROR}"
    if error not in table or name not in w.ACCURACY:
        return values
    return values + table[error].map(" ±{:.4f}".format)
