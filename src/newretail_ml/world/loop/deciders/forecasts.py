"""Forecasts of the loop: any demand model, fitted now and then and brought up to date between."""

from __future__ import annotations

from newretail_ml.checks import check_whole
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.world.loop.view import View

FIT_EVERY = 28
HORIZON = 28


class ModelForecasts:
    """A demand model's paths, on sales as the chain knows them.

    Args:
        model: an unfitted model of daily demand by item and location. It should recover demand
            where stock ran out, as `AutoForecaster` and `RecoveredDemand` do.
        fit_every: days from one fit to the next; between them the model starts from newer days.
        horizon: days ahead.
        n_paths: sample paths.
        random_state: seed of the paths.
    """

    def __init__(
        self,
        model: Forecaster,
        *,
        fit_every: int = FIT_EVERY,
        horizon: int = HORIZON,
        n_paths: int = 200,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.fit_every = check_whole("fit_every", fit_every, at_least=1)
        self.horizon = check_whole("horizon", horizon, at_least=1)
        self.n_paths = check_whole("n_paths", n_paths, at_least=1)
        self.random_state = check_whole("random_state", random_state)
        self.fitted_on: int | None = None

    def __call__(self, view: View) -> Forecast:
        """Paths of the days after the view's date."""
        if self.fitted_on is None or view.day - self.fitted_on >= self.fit_every:
            self.model, self.fitted_on = self.model.clone().fit(view.panel), view.day
        else:
            self.model.update(view.panel)
        return self.model.forecast(
            self.horizon, n_paths=self.n_paths, random_state=self.random_state
        )
