"""What every demand model has in common: parameters, fit, and a forecast of joint paths."""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from functools import wraps
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.paths import PastForecasts, paths_around_mean
from newretail_ml.panel import Panel
from newretail_ml.panel.what_if import Plan, what_if
from newretail_ml.parameters import Parameterized


class Forecaster(Parameterized, ABC):
    """A demand model.

    Parameters go into the constructor, `fit` returns the model, and what was learned ends in an
    underscore. A model only ever sees a panel up to its cut.
    """

    panel_: Panel

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Have the `fit` of every model refuse what is not a panel, before it begins."""
        super().__init_subclass__(**keywords)
        if "fit" in vars(cls):
            cls.fit = _of_panels(cls.fit)  # type: ignore[method-assign]

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: that is not a panel.
        """
        _check_panel(panel)
        self.panel_ = panel
        return self

    def update(self, panel: Panel) -> Self:
        """Start from newer days from now on, without a new fit.

        Args:
            panel: all of history up to now; its series need not be those of the fit.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: the panel has another frequency, or other key columns, than that of the fit.
        """
        _check_alike(panel, self._fitted_panel())
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
            DataError: the model cannot see that far, the horizon is not a whole number, the panel
                has no such plan, or another frequency or other key columns than that of the fit.
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
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with unfinished.open("xb") as file:
                pickle.dump(self, file)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    @staticmethod
    def load(path: str | Path) -> Forecaster:
        """A model that `save` wrote. Load only files that you trust: they can run code.

        Raises:
            DataError: there is no such file, or it holds no such model.
        """
        if not Path(path).is_file():
            raise DataError(
                f"there is no file {path}", next_step="Save a model with model.save(path)."
            )
        with Path(path).open("rb") as file:
            try:
                model = pickle.load(file)  # noqa: S301
            except Exception as error:  # whatever a foreign file makes pickle stumble over
                raise _not_a_model(path) from error
        if not isinstance(model, Forecaster):
            raise _not_a_model(path)
        return model

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
        _check_horizon(horizon)
        if panel is None:
            panel = fitted
        else:
            _check_alike(panel, fitted)
        return what_if(panel, horizon, price=price, promotion=promo)


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


def _of_panels(fit: Any) -> Any:
    @wraps(fit)
    def checked(self: Forecaster, panel: Panel) -> Forecaster:
        _check_panel(panel)
        return fit(self, panel)

    return checked


def _check_panel(panel: object) -> None:
    if not isinstance(panel, Panel):
        raise DataError(
            f"a {type(panel).__name__} is not a panel",
            next_step="Pass a Panel: Panel.from_frame(frame).",
        )


def _check_alike(panel: Panel, fitted: Panel) -> None:
    """Refuse a panel of other periods or keys than the one of the fit."""
    _check_panel(panel)
    told, known = (
        f"frequency {each.periods.freq} and keys {', '.join(map(str, each.keys))}"
        for each in (panel, fitted)
    )
    if told != known:
        raise DataError(
            f"the panel has {told}, that of the fit {known}",
            next_step="Pass a panel of the same frequency and keys, or fit anew.",
        )


def _check_horizon(horizon: object) -> None:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or horizon < 1:
        raise DataError(
            f"a horizon of {horizon!r} periods was asked for",
            next_step="Ask for a whole number, 1 or more.",
        )


def _not_a_model(path: str | Path) -> DataError:
    return DataError(
        f"{path} holds no model of this library that can be read here",
        next_step="Save one with model.save(path); pandas 2 cannot read what pandas 3 saved.",
    )
