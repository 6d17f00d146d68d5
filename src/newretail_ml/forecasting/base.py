"""What every demand model has in common: parameters, fit, and a forecast of joint paths."""

from __future__ import annotations

import inspect
import pickle
from abc import ABC, abstractmethod
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Self

import numpy as np

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.paths import PastForecasts, paths_around_mean
from newretail_ml.panel import Panel
from newretail_ml.panel.what_if import Plan, what_if


class Forecaster(ABC):
    """A demand model.

    Parameters go into the constructor, `fit` returns the model, and what was learned ends in an
    underscore. A model only ever sees a panel up to its cut.
    """

    panel_: Panel

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows."""
        self.panel_ = panel
        return self

    def update(self, panel: Panel) -> Self:
        """Start from newer days from now on, without a new fit.

        Args:
            panel: all of history up to now; its series need not be those of the fit.

        Raises:
            NotFittedError: `fit` was not called.
        """
        self._fitted_panel()
        self.panel_ = panel
        return self

    def forecast(
        self,
        horizon: int,
        *,
        panel: Panel | None = None,
        price: Plan | None = None,
        promo: Plan | None = None,
        n_paths: int = 200,
        random_state: int = 0,
    ) -> Forecast:
        """Joint sample paths of the ``horizon`` periods after the panel's cut.

        Args:
            horizon: how many periods.
            panel: where to start from; the panel of the fit, unless newer days have come in.
            price: another price plan of those periods, as `newretail_ml.panel.what_if` reads it.
            promo: another promotion plan of those periods, 0 to 1.
            n_paths: paths a series.
            random_state: seed of the paths.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: the model cannot see that far, or the panel has no such plan.
        """
        panel = self._start(horizon, panel, price, promo)
        if n_paths < 1:
            raise DataError(f"{n_paths} paths were asked for", next_step="Ask for 1 or more.")
        paths = self._paths(panel, horizon, n_paths, np.random.default_rng(random_state))
        paths *= _sold(panel, horizon)[:, None, :]
        return Forecast(panel.keys, panel.periods.shifted(panel.cut).resized(horizon), paths)

    def mean(
        self,
        horizon: int,
        *,
        panel: Panel | None = None,
        price: Plan | None = None,
        promo: Plan | None = None,
    ) -> np.ndarray:
        """(series, horizon) expected demand, without its paths; arguments as in `forecast`."""
        panel = self._start(horizon, panel, price, promo)
        return np.maximum(np.nan_to_num(self._mean(panel, horizon)), 0.0) * _sold(panel, horizon)

    def save(self, path: str | Path) -> None:
        """Write the model to a file, whole or not at all."""
        path = Path(path)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                pickle.dump(self, file)
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(path)

    @staticmethod
    def load(path: str | Path) -> Forecaster:
        """A model that `save` wrote. Load only files that you trust: they can run code.

        Raises:
            DataError: the file holds no such model.
        """
        with Path(path).open("rb") as file:
            try:
                model = pickle.load(file)  # noqa: S301
            except (pickle.UnpicklingError, EOFError, AttributeError, ImportError) as error:
                raise _not_a_model(path) from error
        if not isinstance(model, Forecaster):
            raise _not_a_model(path)
        return model

    def get_params(self) -> dict[str, Any]:
        """The parameters of the constructor, by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def clone(self) -> Self:
        """An unfitted model with the same parameters."""
        return type(self)(**self.get_params())

    @abstractmethod
    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """(series, paths, horizon) float32 paths after the panel's cut."""

    @abstractmethod
    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        """(series, horizon) expected demand after the panel's cut."""

    def _fitted_panel(self) -> Panel:
        if not hasattr(self, "panel_"):
            raise NotFittedError(self)
        return self.panel_

    def _start(
        self, horizon: int, panel: Panel | None, price: Plan | None, promo: Plan | None
    ) -> Panel:
        """The panel to forecast from, under the plan that was asked for."""
        fitted = self._fitted_panel()
        if horizon < 1:
            raise DataError(
                f"a horizon of {horizon} periods was asked for", next_step="Ask for 1 or more."
            )
        panel = fitted if panel is None else panel
        return what_if(panel, horizon, price=price, promotion=promo)

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        shown = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value != defaults[name].default
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class PointForecaster(Forecaster):
    """A model of expected demand, whose paths come from its own past errors."""

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        mean = self._mean(panel, horizon)
        past = PastForecasts.of(self._mean, panel, horizon)
        return paths_around_mean(mean, past, panel, n_paths, rng)


def mean_sales(panel: Panel) -> np.ndarray:
    """(series,) mean units a period on sale, stock-outs included: the least that demand can be.

    For series whose stock ran out every time, and whose demand was never seen.
    """
    on_sale = panel.on_sale()
    count = np.maximum(on_sale.sum(axis=1), 1)
    return np.where(on_sale, np.nan_to_num(panel.units), 0.0).sum(axis=1, dtype=float) / count


def _sold(panel: Panel, horizon: int) -> np.ndarray:
    """(series, horizon) 1 where the item is on sale: launched, and not yet delisted."""
    period = panel.cut + np.arange(horizon)
    launched = (panel.launch < 0)[:, None] | (period >= panel.launch[:, None])
    seen = (panel.launch >= 0) | (panel.start < panel.cut)
    return (seen[:, None] & launched & (period < panel.delisting[:, None])).astype(np.float32)


def _not_a_model(path: str | Path) -> DataError:
    return DataError(
        f"{path} holds no model of this library", next_step="Save one with model.save(path)."
    )
