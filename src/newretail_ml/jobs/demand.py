"""Forecasts of a partition: of all its blocks by a saved model, or by one that it fits itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.jobs.fitting import fitted_once
from newretail_ml.jobs.groups import GroupDemand, groups_of, is_recovered
from newretail_ml.jobs.models import EACH, SavedModel, StandardModel
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.series import SeriesOf, refusal
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables


@dataclass(frozen=True)
class Demand:
    """What is to be forecast, and by which model.

    A saved model scores block after block, each with its calendar, the chain's groups and a seed
    of its own, so that a series has the same forecast whatever it shares a partition with. Where a
    recursive model asks for the demand of groups on days to come, their last season goes on. A
    standard model is fitted once for all partitions, and then scores as a saved one does; or it is
    fitted on each partition, and its forecasts depend on what is in it.

    Args:
        series: what a series is.
        model: saved, or standard.
        horizon: periods.
        seed: of the paths.
        groups: the chain's demand by groups, where the model's features look at it.
    """

    series: SeriesOf
    model: SavedModel | StandardModel
    horizon: int
    seed: int = 0
    groups: GroupDemand | None = None

    def facts(self) -> dict[str, Any]:
        """For the digest and the tracker."""
        return {
            **self.series.facts(),
            "horizon": self.horizon,
            "seed": self.seed,
            "model": self.model.facts(),
            "groups": None if self.groups is None else self.groups.digest,
        }

    def prepared(self, stage: Stage) -> Demand:
        """With all that workers need beside their partition, made once for all of them.

        That is the fit of a standard model, unless each partition has its own; a copy of the
        fitted model without the panel of its fit; and the demand of the chain's groups, counted
        over all partitions, if the model's features look at it.
        """
        if isinstance(self.model, StandardModel):
            if self.model.fit == EACH:
                return self
            once = fitted_once(self.model, self.series, self.horizon, self.seed, stage)
            return replace(self, model=once).prepared(stage)
        model = self.model.load()
        slim = self.model.without_panels(stage.work)
        groups = GroupDemand.counted(stage, self.series, groups_of(model), is_recovered(model))
        return replace(self, model=slim, groups=groups)

    def forecasts(self, tables: RetailTables) -> tuple[list[Forecast], pd.DataFrame]:
        """The forecasts of a partition, and the series without one."""
        panel, unsold = self.series.panel(tables)
        if panel is None:
            return [], unsold
        tried = self._scored(panel) if isinstance(self.model, SavedModel) else self._fitted(panel)
        done = list(tried)
        made = [one for one in done if isinstance(one, Forecast)]
        refused = [one for one in done if not isinstance(one, Forecast)]
        return made, pd.concat([unsold, *refused], ignore_index=True)

    def _scored(self, panel: Panel) -> Iterator[Forecast | pd.DataFrame]:
        assert isinstance(self.model, SavedModel)  # noqa: S101
        model = self.model.load()
        if self.groups is not None:
            panel = replace(panel, group_demand=self.groups.read())
        for number, block in self.series.in_blocks(panel):
            yield self._tried(model, block, _seed_of(self.seed, number))

    def _fitted(self, panel: Panel) -> Iterator[Forecast | pd.DataFrame]:
        assert isinstance(self.model, StandardModel)  # noqa: S101
        if self.model.fit != EACH:
            raise DataError(
                f"{self.model.name} is to be fitted once, before partitions are worked on",
                next_step="Run the job with prepare=task.prepared.",
            )
        try:
            model = self.model.make(self.horizon, self.seed).fit(panel)
        except DataError as error:
            yield refusal(panel.keys, str(error))
            return
        yield self._tried(model, panel, self.seed)

    def _tried(self, model: Forecaster, panel: Panel, seed: int) -> Forecast | pd.DataFrame:
        try:
            return model.forecast(self.horizon, panel=panel, random_state=seed)
        except DataError as error:
            return refusal(panel.keys, str(error))


def _seed_of(seed: int, block: int) -> int:
    return int(np.random.SeedSequence([seed, block]).generate_state(1)[0])
