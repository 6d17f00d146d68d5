"""Exponential smoothing models, fitted to all series of a panel in one pass."""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecasting.smoothing.base import Smoothed, Smoothing, can_fit, fit_each
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.forecasting.smoothing.fit import fit_form
from newretail_ml.forecasting.smoothing.form import Form, History
from newretail_ml.forecasting.smoothing.theta import ThetaForm, seasonal_index
from newretail_ml.panel import Panel

TRENDS = ("none", "additive", "damped")
SEASONS = ("none", "additive", "multiplicative")


class ExponentialSmoothing(Smoothing):
    """Exponential smoothing of one form: simple, Holt's, damped, or Holt and Winters'.

    Series too short for the form are smoothed by the most that they can tell: without a season,
    without a trend. A multiplicative season needs demand above zero throughout; a series
    without gets an additive one. Seasons longer than 24 periods are left out.

    Source: Hyndman and Athanasopoulos (2021), "Forecasting: Principles and Practice", 3rd
    edition, chapter 8.

    Args:
        trend: "none", "additive" (Holt's) or "damped".
        season: "none", "additive" or "multiplicative".
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.
        thorough: search for the best parameters to their last digits and from several
            beginnings. If not, a few series in a hundred end next to their best, several times
            sooner.

    >>> import pandas as pd
    >>> days = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=70),
    ...                      "units": [1, 2, 3, 4, 5, 6, 0] * 10})
    >>> model = ExponentialSmoothing(season="additive").fit(Panel.from_frame(days))
    >>> model.forecast(7).mean().round(3).tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]]
    """

    def __init__(
        self,
        trend: str = "none",
        season: str = "none",
        season_length: int | None = None,
        *,
        thorough: bool = True,
    ) -> None:
        self.trend = trend
        self.season = season
        self.season_length = season_length
        self.thorough = thorough

    def _smooth(self, panel: Panel) -> list[Smoothed]:
        _check("trend", self.trend, TRENDS)
        _check("season", self.season, SEASONS)
        length = _length(self.season_length, panel)
        forms = [Form(self.trend, self.season, length)]
        if self.season == "multiplicative":
            forms.append(Form(self.trend, "additive", length))
        forms += [Form(self.trend), Form()]
        history = History.of(demand_after_first_sale(panel))
        can = np.stack([can_fit(form, history) for form in forms])
        can[-1] = True
        chosen = can.argmax(axis=0)
        return fit_each(forms, chosen, history, thorough=self.thorough)


class AutoExponentialSmoothing(Smoothing):
    """For each series the form with the smallest corrected Akaike criterion.

    Forms with and without a damped trend, without a season, with an additive one and, where
    demand is always above zero, with a multiplicative one are compared (Hyndman, Koehler, Ord and
    Snyder 2008, chapter 7). Trends that go on for ever take part on request.

    Args:
        trends: trends to compare, among "none", "additive" and "damped".
        seasons: seasons to compare, among "none", "additive" and "multiplicative".
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.
    """

    def __init__(
        self,
        trends: tuple[str, ...] = ("none", "damped"),
        seasons: tuple[str, ...] = SEASONS,
        season_length: int | None = None,
    ) -> None:
        self.trends = trends
        self.seasons = seasons
        self.season_length = season_length

    def _smooth(self, panel: Panel) -> list[Smoothed]:
        history = History.of(demand_after_first_sale(panel))
        fits, criterion = [], []
        for form in self._forms(_length(self.season_length, panel)):
            can = can_fit(form, history)
            series = np.flatnonzero(can | (form == Form()))
            fit = fit_form(form, history.select(series), thorough=False)
            value = np.full(panel.n_series, np.inf)
            value[series] = fit.aicc
            fits.append(Smoothed(series, fit))
            criterion.append(value)
        # A perfect fit is as good as any: the first, and so the simplest, of them is taken.
        chosen = np.stack(criterion).argmin(axis=0)
        return [part.only(chosen[part.series] == number) for number, part in enumerate(fits)]

    def _forms(self, length: int) -> list[Form]:
        for trend in self.trends:
            _check("trend", trend, TRENDS)
        for season in self.seasons:
            _check("season", season, SEASONS)
        asked = [
            Form(trend, season, 1 if season == "none" else length)
            for season in self.seasons
            for trend in self.trends
        ]
        return [Form(), *(form for form in asked if form != Form())]


class OptimizedTheta(Smoothing):
    """The Theta method with theta and alpha estimated for each series.

    Where there is a season (see `seasonal_index`), demand is divided by the index of its phase
    before, and the paths multiplied by it afterwards. A phase in which nothing is ever sold is
    left out, and expected to stay so. Source: Fiorucci et al. (2016), as in
    `newretail_ml.forecasting.smoothing.theta`.

    Args:
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.
    """

    def __init__(self, season_length: int | None = None) -> None:
        self.season_length = season_length

    def _smooth(self, panel: Panel) -> list[Smoothed]:
        history = History.of(self._adjusted(panel)[0])
        forms = [ThetaForm(), Form()]
        too_short = ~can_fit(forms[0], history)
        return fit_each(forms, too_short.astype(int), history, thorough=False)

    def _adjusted(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        demand = demand_after_first_sale(panel).astype(np.float64)
        index = seasonal_index(demand, self.season_length or panel.periods.season)
        by_period = index[:, np.arange(panel.cut) % index.shape[1]]
        adjusted = np.divide(
            demand, by_period, out=np.full_like(demand, np.nan), where=by_period > 0
        )
        return adjusted, index


def _length(asked: int | None, panel: Panel) -> int:
    return panel.periods.season if asked is None else asked


def _check(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise DataError(
            f"the {what} {value!r} is not known", next_step=f"Use one of {', '.join(known)}."
        )
