"""Choice models from shares: market by market, a regression of log shares on prices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.multinomial import MultinomialLogit
from newretail_ml.pricing.choice.nested import NestedLogit
from newretail_ml.pricing.choice.shares import RIVALS_PRICE, WITHIN, labels, share_frame
from newretail_ml.pricing.estimation import Estimate, estimate
from newretail_ml.pricing.response import Evidence

DRAWS = 200


@dataclass(frozen=True, eq=False, repr=False)
class LogitEstimate:
    """What shares say about a multinomial or nested logit.

    Attributes:
        regression: coefficients, how sure they are, and warnings.
        price: column of the price.
        market: columns of the market.
        product: column of the product.
        nest: column of the nest, if there is one.
        seen: one row a product: the lowest and highest price in the data.
    """

    regression: Estimate
    price: str
    market: tuple[Hashable, ...]
    product: Hashable
    nest: Hashable | None
    seen: pd.DataFrame

    @property
    def price_coefficient(self) -> float:
        """Change of a product's worth by one unit of money."""
        return self.regression[self.price]

    @property
    def dissimilarity(self) -> float:
        """Of the products of a nest; 1 where there are no nests."""
        return 1.0 if self.nest is None else 1.0 - self.regression[WITHIN]

    def response(
        self, frame: pd.DataFrame, market_size: np.ndarray | float
    ) -> MultinomialLogit | NestedLogit:
        """Demand of the markets of a frame, through the units sold there at those prices.

        Args:
            frame: rows with the columns market, product, price, units (and nest).
            market_size: customers a period who could buy, one number or one a row.

        Raises:
            DataError: the price coefficient is above zero, the dissimilarity lies outside (0, 1],
                or a market sold as much as it has customers.
        """
        need_columns(frame, "frame", [*self.market, self.product, self.price, c.UNITS])  # type: ignore[list-item]
        self._check()
        flat = np.zeros(len(frame))
        draws, dissimilarities = self._draws()
        told = {
            "prices": frame[self.price].to_numpy(float),
            "market_size": market_size,
            "market": labels(frame, self.market),
            "draws": draws,
            "keys": frame[list(dict.fromkeys([*self.market, self.product]))],
            "evidence": self._evidence(frame),
        }
        shares = frame[c.UNITS].to_numpy(float) / np.broadcast_to(market_size, len(frame))
        if self.nest is None:
            return MultinomialLogit(flat, self.price_coefficient, **told).with_shares(shares)
        nested = NestedLogit(
            flat,
            self.price_coefficient,
            frame[self.nest].to_numpy(),
            self.dissimilarity,
            dissimilarity_draws=dissimilarities,
            **told,
        )
        return nested.with_shares(shares)

    def _check(self) -> None:
        if self.price_coefficient > 0:
            raise DataError(
                f"the price coefficient is {self.price_coefficient:.4g}: dearer sells more",
                next_step="Hold seasons and promotions constant by effects and attributes, or "
                "bring instruments that move prices, such as cost.",
            )
        if not 0 < self.dissimilarity <= 1:
            raise DataError(
                f"the dissimilarity is {self.dissimilarity:.4g}, outside (0, 1], so these nests "
                "contradict the data",
                next_step="Use other nests or none, or bring instruments for the nest's shares.",
            )

    def _draws(self) -> tuple[np.ndarray, np.ndarray | None]:
        names = [self.price] if self.nest is None else [self.price, WITHIN]
        places = [self.regression.names.index(name) for name in names]
        covariance = self.regression.covariance[np.ix_(places, places)]
        rng = np.random.default_rng(0)
        drawn = rng.multivariate_normal(
            self.regression.coefficients[places], covariance, DRAWS, method="eigh"
        )
        return drawn[:, 0], None if self.nest is None else 1.0 - drawn[:, 1]

    def _evidence(self, frame: pd.DataFrame) -> Evidence:
        rows = self.seen.reindex(frame[self.product])
        lowest, highest = (rows[name].to_numpy(float) for name in ("lowest", "highest"))
        moved = highest > lowest * 1.01
        place = self.regression.names.index(self.price)
        sure = self.price_coefficient < -2 * self.regression.standard_errors[place]
        reason = np.where(
            moved,
            "" if sure else "the price coefficient is not clearly below zero",
            "its price hardly moved",
        )
        return Evidence(moved & sure, reason.astype(object), lowest, highest)

    def __repr__(self) -> str:
        nests = "" if self.nest is None else f", dissimilarity {self.dissimilarity:.4g}"
        return f"{type(self).__name__}(price coefficient {self.price_coefficient:.6g}{nests})"


def estimate_logit(
    frame: pd.DataFrame,
    *,
    market: Hashable | Sequence[Hashable],
    product: Hashable = c.ITEM,
    price: str = c.PRICE,
    units: str = c.UNITS,
    market_size: str | float | None = None,
    attributes: Sequence[str] = (),
    effects: Sequence[Hashable | tuple[Hashable, ...]] | None = None,
    nest: Hashable | None = None,
    endogenous: Sequence[str] = (),
    instruments: Sequence[str] = (),
    cluster: Hashable | Sequence[Hashable | tuple[Hashable, ...]] = (),
) -> LogitEstimate:
    """Price coefficient of a multinomial or nested logit, from units sold market by market.

    The logarithm of a product's share less that of those who buy nothing is linear in price and
    attributes; with nests the logarithm of its share of the nest is added, whose coefficient is
    1 less the dissimilarity, and which needs instruments (Berry 1994, RAND Journal of Economics
    25). With effects of the markets, those who buy nothing cancel out, and no market size is
    needed. A product that sold nothing in a market has no logarithm; such rows are left out and
    counted.

    Args:
        frame: one row a market and product.
        market: column or columns of the market, such as store and week.
        product: column of the product.
        price: column of the price, above zero.
        units: column of the units sold.
        market_size: customers of the market, a number or a column.
        attributes: columns that shift a product's worth, such as display.
        effects: held constant; by default the products and the markets.
        nest: column of the nest.
        endogenous: columns among price and attributes that answer to demand.
        instruments: columns that move the endogenous ones, or the shares of the nest. With a
            nest and none given, the average price of the other products of the nest.
        cluster: rows that share their errors; robust to unequal variance where left out.

    Raises:
        DataError: columns are missing, prices are not above zero, a market size is missing or
            too small, rows share market and product, or prices do not vary.

    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"item_id": list("ab") * 50, "week": np.repeat(range(50), 2),
    ...                       "price": rng.uniform(1, 2, 100)})
    >>> value = np.exp(1 - 2 * frame["price"])
    >>> frame["units"] = 100 * value / (1 + value.groupby(frame["week"]).transform("sum"))
    >>> estimate_logit(frame, market="week")
    LogitEstimate(price coefficient -2)
    """
    columns = tuple(market) if isinstance(market, list | tuple) else (market,)
    absorbed = [product, columns] if effects is None else list(effects)
    whole = any(set(_entry(one)) == set(columns) for one in absorbed)
    ready = share_frame(frame, columns, product, price, units, market_size, nest, absorbed=whole)
    causes = [price, *attributes] + ([] if nest is None else [WITHIN])
    moved_by = list(instruments) if nest is None or instruments else [RIVALS_PRICE]
    answers = [*endogenous] + ([] if nest is None else [WITHIN])
    regression = estimate(
        ready.frame,
        ready.outcome,
        causes,
        absorb=[one if not isinstance(one, tuple) or len(one) > 1 else one[0] for one in absorbed],
        cluster=cluster,
        endogenous=answers,
        instruments=moved_by,
    )
    prices = ready.frame.groupby(product, observed=True)[price].agg(lowest="min", highest="max")
    return LogitEstimate(regression, price, columns, product, nest, prices)


def _entry(effect: Hashable | tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    return effect if isinstance(effect, tuple) else (effect,)
