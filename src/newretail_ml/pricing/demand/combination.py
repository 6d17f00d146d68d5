"""Several demand models as one, weighted by what each would have said of the recent past."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.judging import cuts_of
from newretail_ml.pricing.demand.mixed_response import MixedResponse
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees
from newretail_ml.pricing.demand.weights import simplex_weights
from newretail_ml.pricing.response import DemandResponse


def default_members(random_state: int = 0) -> dict[str, PriceModel]:
    """A regression whose items are drawn towards what they share, and monotone trees."""
    return {
        "regression": ShrunkenLogLog(random_state=random_state),
        "trees": MonotoneTrees(random_state=random_state),
    }


class PriceCombination(PriceModel):
    """A weighted geometric mean of demand models.

    The weights are at least zero and sum to one. They are those by which the mix would have had
    the smallest errors after cuts inside the history, in logarithms of units (by Poisson
    likelihood where zeros are many). Then every member that counts is fitted on all history.

    Args:
        members: models by name; by default those of `default_members`.
        folds: cuts, one horizon apart; fewer where history is short, and equal weights where it
            holds none: `remark_` then says so.
        horizon: periods predicted from each cut; by default 28 days, 13 weeks or 6 months, and
            no more than a quarter of the history.
        random_state: seed of the default members.

    Attributes:
        weights_: weight of each member, by name.
        not_run_: why a member could not be fitted, by name.
        remark_: what the reader should know of the folds; empty where all were run.

    >>> import pandas as pd
    >>> price = np.tile([2.0, 2.5, 3.0, 2.2], 25)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=100),
    ...                       "units": 90 * price**-2.0, "price": price})
    >>> model = PriceCombination().fit(Panel.from_frame(frame))
    >>> round(sum(model.weights_.values()), 6), model.remark_
    (1.0, '')
    """

    def __init__(
        self,
        members: Mapping[str, PriceModel] | None = None,
        folds: int = 2,
        horizon: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.members = members
        self.folds = folds
        self.horizon = horizon
        self.random_state = random_state

    def _fit(self, panel: Panel) -> None:
        members = self._named()
        self.not_run_: dict[str, str] = {}
        weights = self._weights(members, panel)
        self._fitted_members: dict[str, PriceModel] = {}
        for name in members:
            if weights.get(name, 0.0) > 0:
                self._fitted_members[name] = members[name].clone().fit(panel)
        self.weights_ = {name: float(weights.get(name, 0.0)) for name in members}
        self.response_: DemandResponse = MixedResponse(
            [model.response_ for model in self._fitted_members.values()], self._used()
        )

    def _named(self) -> dict[str, PriceModel]:
        members = default_members(self.random_state) if self.members is None else self.members
        if not members:
            raise DataError("no members were given", next_step="Pass at least one, or none at all.")
        check_whole("folds", self.folds, at_least=1)
        return dict(members)

    def _used(self) -> list[float]:
        return [self.weights_[name] for name in self._fitted_members]

    def _weights(self, members: Mapping[str, PriceModel], panel: Panel) -> dict[str, float]:
        """Weight of each member that could be judged."""
        try:
            cuts, horizon, self.remark_ = cuts_of(panel, self.horizon, self.folds, None)
            # A model of less than half of the history says little about one of all of it.
            cuts = [cut for cut in cuts if 2 * cut >= panel.cut] or cuts[-1:]
        except DataError:
            cuts, horizon = [], 0
            self.remark_ = (
                f"history of {panel.cut} periods holds no fold to judge by: equal weights"
            )
        said, actual = self._backtest(members, panel, cuts, horizon)
        if not said:
            raise DataError(
                "no member could be fitted: "
                + "; ".join(f"{name}: {reason}" for name, reason in self.not_run_.items()),
                next_step="Bring more history.",
            )
        counts = History.of(panel).counts
        found = simplex_weights(np.array(list(said.values())), actual, counts=counts)
        return dict(zip(said, found.tolist(), strict=True))

    def _backtest(
        self, members: Mapping[str, PriceModel], panel: Panel, cuts: list[int], horizon: int
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What each member would have said, and demand, over all folds; rows of numbers."""
        said: dict[str, np.ndarray] = {}
        for name, member in members.items():
            try:
                said[name] = _said(member, panel, cuts, horizon)
            except DataError as error:
                self.not_run_[name] = str(error)
        demand = [panel.demand(periods=slice(cut, cut + horizon)).ravel() for cut in cuts]
        return said, np.concatenate([np.zeros(0), *demand])

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        logs = [
            weight * np.log(model.predict(panel, periods))
            for model, weight in zip(self._fitted_members.values(), self._used(), strict=True)
        ]
        return np.asarray(np.exp(np.sum(logs, axis=0)))


def _said(member: PriceModel, panel: Panel, cuts: list[int], horizon: int) -> np.ndarray:
    """(rows,) what a member would have said after each cut; fitted on all history if none is."""
    if not cuts:
        member.clone().fit(panel)
    parts = []
    for cut in cuts:
        view = panel.until(cut)
        parts.append(member.clone().fit(view).predict(view, slice(cut, cut + horizon)).ravel())
    return np.concatenate([np.zeros(0), *parts])
