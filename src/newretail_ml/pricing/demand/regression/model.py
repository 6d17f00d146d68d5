"""Regressions of demand on prices: log-log, semi-log, linear and Poisson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.level import HALF_LIVES, level_of, recency
from newretail_ml.pricing.demand.regression.answer import (
    Answer,
    answer_of,
    elasticity_table,
    reasons_of,
)
from newretail_ml.pricing.demand.regression.controls import compare
from newretail_ml.pricing.demand.regression.effects import Effects
from newretail_ml.pricing.demand.regression.groups import GroupFit, Specification, fit_groups
from newretail_ml.pricing.demand.regression.sample import (
    ELSEWHERE,
    FORMS,
    KEEP_ZEROS,
    PERIOD,
    SERIES,
    TIME,
    TREND,
    WEEKDAY,
    Sample,
    default_controls,
    held,
    sample_of,
)
from newretail_ml.pricing.response import Curve, Evidence

_LEAST_SLOPE = -0.1


class PriceRegression(PriceModel):
    """Elasticities by least squares or Poisson pseudo-likelihood, pooled over the chain.

    Each group of series (by default an item at all of its locations) has a regression of its own:
    demand on its own price, promotions and further plans of the panel, with effects absorbed. Its
    elasticity is then drawn towards those of its category and chain as far as it is unsure
    (`pool_estimates`). Periods that sold out or whose demand is not known are left out; where
    that is common, `LocalLevelRegression` is better, for the periods that sell out are those of
    high demand, and leaving them out makes demand look less elastic: an item is not identified
    where more than a twentieth of its periods at low prices sold out. In the forms with logarithms
    units are typical ones (medians); those without a sale are left out, and where they are more
    than a tenth the item is not identified: form "poisson" keeps them.

    Methods: Wooldridge (2010), Econometric Analysis of Cross Section and Panel Data, chapters 8
    and 10; Santos Silva and Tenreyro (2006) for Poisson; Hausman (1996) for prices elsewhere.

    Args:
        form: "log-log"; "semi-log", the logarithm of units on prices; "linear", units over the
            series' mean on prices; "poisson", whose mean is log-log.
        by: keys or static attributes that share coefficients.
        effects: held constant inside each group: "series", "time" (each calendar month, or year
            where periods are months), "period", "month" (of the year), "weekday", keys and static
            attributes, and tuples of these for their cross.
        controls: plans beside the price, and "trend"; by default all plans but costs.
        instruments: "elsewhere" for the mean log price of the item in the same period at other
            locations, "cost" for the plan of that name or unit_cost, or another plan's name.
            A plan that is the instrument is no control. None takes prices as they are.
        cluster: of errors; by default period, and series where a group has ten or more.
        pooled: whether elasticities are drawn to category and chain.
        check_controls: whether an item is refused whose elasticity moves with the controls, see
            `compare_controls`; takes about five more regressions an item.
        half_life: periods after which a period counts half for the level; by default half a year.
        confidence: of the intervals.
        n_draws: draws of coefficients that the response carries.
        random_state: seed of the draws.

    Attributes:
        elasticity_: one row a group: what it is `by`, elasticity with standard_error, lower and
            upper; unpooled and unpooled_error; own_share of its own sales in it; price_moves;
            price_left, the share of the price's variance that nothing else explains;
            first_stage_f of the instrument; identified and reason.
        pooled_: the chain's mean and variance.
        controls_: elasticities by what is held constant, if checked.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([2.0, 2.2, 2.5], 100)
    >>> units = 90 * price**-2.0 * np.exp(rng.normal(0, 0.05, 100))
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=100),
    ...                       "units": units, "price": price})
    >>> model = PriceRegression().fit(Panel.from_frame(frame))
    >>> model.elasticity_[["item_id", "elasticity", "identified"]].round(1).values.tolist()
    [['tea', -2.0, True]]
    """

    def __init__(
        self,
        form: str = "log-log",
        by: Sequence[str] = (c.ITEM,),
        effects: Sequence[object] = (SERIES, TIME, WEEKDAY),
        controls: Sequence[str] | None = None,
        instruments: str | None = None,
        cluster: Sequence[object] | None = None,
        pooled: bool = True,
        check_controls: bool = True,
        half_life: float | None = None,
        confidence: float = 0.9,
        n_draws: int = 200,
        random_state: int = 0,
    ) -> None:
        self.form = form
        self.by = by
        self.effects = effects
        self.controls = controls
        self.instruments = instruments
        self.cluster = cluster
        self.pooled = pooled
        self.check_controls = check_controls
        self.half_life = half_life
        self.confidence = confidence
        self.n_draws = n_draws
        self.random_state = random_state

    def _fit(self, panel: Panel) -> None:
        self._check()
        named = (*self.effects, *(self.cluster or ()))
        instrument = self.instruments
        if instrument is None and self.check_controls and panel.n_series > 1:
            instrument = ELSEWHERE
        sample = sample_of(panel, self.form, self.by, named, instrument)
        how = self._specification(sample, panel)
        fits = fit_groups(sample.rows, len(sample.labels), how)
        _refuse_if_nothing(fits)
        answer = answer_of(sample, fits, self.form, panel, self.pooled)
        self.pooled_ = answer.pooled
        reasons = reasons_of(sample, fits, answer, self.form)
        if self.check_controls:
            self.controls_ = compare(sample, how, fits, panel, self.form)
            verdict = self.controls_.verdict
            moves = verdict["moves"].to_numpy() & (reasons == "")
            reasons[moves] = [
                f"the elasticity moves with what is held constant ({between}): bring what moved "
                "demand together with the price, or set some prices by chance"
                for between in verdict["between"][moves]
            ]
        self.elasticity_ = elasticity_table(sample, fits, answer, self.confidence, reasons)
        self._effects = Effects.of(sample, fits, answer, self.form, how, panel, self.pooled)
        self.response_ = self._response(panel, sample, answer)

    def _check(self) -> None:
        if self.form not in FORMS:
            raise DataError(
                f"there is no form {self.form!r}", next_step=f"Choose one of {', '.join(FORMS)}."
            )
        check_number("confidence", self.confidence, above=0.0, at_most=0.999)
        check_whole("n_draws", self.n_draws, at_least=1)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0)
        if isinstance(self.effects, str) or not len(self.effects):
            raise DataError(
                "effects are not a list of names", next_step='Write ("series",) for one.'
            )
        if self.instruments is not None and self.form == "poisson":
            raise DataError(
                'instruments do not go with form "poisson"', next_step='Use form="log-log".'
            )
        if self.instruments == ELSEWHERE and PERIOD in self.effects:
            raise DataError(
                "prices elsewhere move in time, and period effects leave nothing of that",
                next_step='Leave "period" out of effects, or use costs as the instrument.',
            )

    def _specification(self, sample: Sample, panel: Panel) -> Specification:
        wanted = default_controls(sample) if self.controls is None else tuple(self.controls)
        unknown = [name for name in wanted if name not in (*sample.plans, TREND)]
        if unknown:
            raise DataError(
                f"there is no plan {unknown[0]!r} to control for",
                table="panel",
                next_step=f"Choose among {', '.join((*sample.plans, TREND))}.",
            )
        used = {self.instruments, c.UNIT_COST if self.instruments == "cost" else None}
        return Specification(
            held(self.effects, panel),
            tuple(name for name in wanted if name not in used),
            "poisson" if self.form == "poisson" else "linear",
            self.instruments is not None,
            None if self.cluster is None else tuple(self.cluster),
        )

    def _response(self, panel: Panel, sample: Sample, answer: Answer) -> Curve:
        history, group, effects = sample.history, sample.group, self._effects
        weight = recency(panel.cut, self.half_life or HALF_LIVES[panel.periods.freq])
        past = effects.of_panel(panel, slice(0, panel.cut))
        counts = self.form in KEEP_ZEROS
        item = history.scale.market.item
        self._level, error = level_of(history.units, past, weight, counts, item)
        ordinary = effects.ordinary(panel)
        # A linear slope is in units for each unit of money, so it grows with the series.
        size = np.exp(self._level) if self.form == "linear" else np.ones(len(group))
        slope = size / sample.to_elasticity(self.form)[group]
        rng = np.random.default_rng(self.random_state)
        noise = rng.standard_normal((self.n_draws, len(answer.error)))
        drawn = np.minimum(answer.elasticity + answer.error * noise, _LEAST_SLOPE)[:, group]
        curve: Curve = FORMS[self.form](
            np.exp(self._level + ordinary) * (panel.delisting > panel.cut),
            history.scale.current,
            np.minimum(answer.elasticity, _LEAST_SLOPE)[group] * slope,
            draws=drawn * slope,
            level_error=error,
            keys=panel.keys,
            evidence=self._evidence(sample),
        )
        return curve

    def _evidence(self, sample: Sample) -> Evidence:
        seen, table = sample.history.evidence(), self.elasticity_
        return Evidence(
            table["identified"].to_numpy(bool)[sample.group],
            table["reason"].to_numpy()[sample.group],
            seen.lowest,
            seen.highest,
        )

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        return np.exp(self._level + self._effects.of_panel(panel, periods)).T


def _refuse_if_nothing(fits: list[GroupFit]) -> None:
    if any(np.isfinite(fit.error) for fit in fits):
        return
    reasons = [fit.reason or "there are too few periods" for fit in fits]
    commonest = max(set(reasons), key=reasons.count)
    raise DataError(
        f"no elasticity can be told from this data; of {reasons.count(commonest):,} of "
        f"{len(fits):,} groups: {commonest}",
        table="panel",
        column=c.PRICE,
        next_step="Bring a history in which prices move apart from everything else.",
    )
