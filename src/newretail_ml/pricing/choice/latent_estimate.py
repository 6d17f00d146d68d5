"""Latent-class logit from units sold market by market."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole, need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.latent import LatentClassLogit
from newretail_ml.pricing.choice.latent_fit import Counts, Tastes, most_likely, scores
from newretail_ml.pricing.choice.shares import labels
from newretail_ml.pricing.response import Evidence

DRAWS = 100


@dataclass(frozen=True, eq=False, repr=False)
class LatentClassEstimate:
    """Classes of customers that sales tell apart, most price-sensitive first.

    Attributes:
        products: names of the products, in the order of the tastes.
        tastes: shares, tastes and price coefficients of the classes.
        covariance: of the packed tastes, robust to what the customers of a market share.
        log_likelihood: of all customers.
        bayes_criterion: -2 log likelihood and a charge for each parameter; less is better.
        identified: whether the data tells the classes apart.
        reason: why it does not; empty where it does.
        seen: one row a product: the lowest and highest price in the data.
    """

    products: pd.Index
    tastes: Tastes
    covariance: np.ndarray
    log_likelihood: float
    bayes_criterion: float
    identified: bool
    reason: str
    seen: pd.DataFrame

    @property
    def table(self) -> pd.DataFrame:
        """One row a class: its share of the customers and its price coefficient."""
        return pd.DataFrame(
            {"share": self.tastes.weights, "price_coefficient": self.tastes.price_coefficient}
        )

    def response(
        self, prices: np.ndarray, market_size: float, units: np.ndarray | None = None
    ) -> LatentClassLogit:
        """Demand of one market for all products.

        Args:
            prices: (n,) current prices, in the order of `products`.
            market_size: customers a period who could buy.
            units: (n,) sold at those prices, if the market's own tastes are to show.

        Raises:
            DataError: shapes differ, or units are as many as customers.
        """
        n = len(self.products)
        evidence = Evidence(
            np.full(n, self.identified),
            np.full(n, self.reason, dtype=object),
            self.seen["lowest"].to_numpy(float),
            self.seen["highest"].to_numpy(float),
        )
        keys = pd.DataFrame({str(self.products.name): self.products})
        made = LatentClassLogit(
            *_of(self.tastes), prices, market_size=market_size, keys=keys, evidence=evidence
        )
        made.draws = [LatentClassLogit(*_of(one), prices) for one in self._drawn()]
        if units is None:
            return made
        return made.with_shares(np.asarray(units, float) / market_size)

    def _drawn(self) -> list[Tastes]:
        rng = np.random.default_rng(0)
        mean = self.tastes.packed()
        vectors = rng.multivariate_normal(mean, self.covariance, DRAWS, check_valid="ignore")
        return [Tastes.unpacked(one, len(self.tastes.weights)) for one in vectors]

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{share:.0%} with {coefficient:.3g}"
            for share, coefficient in zip(
                self.tastes.weights, self.tastes.price_coefficient, strict=True
            )
        )
        return f"{type(self).__name__}({len(self.products):,} products; {parts})"


def estimate_latent_classes(
    frame: pd.DataFrame,
    *,
    market: Hashable | Sequence[Hashable],
    market_size: str | float,
    classes: int = 2,
    product: Hashable = c.ITEM,
    price: str = c.PRICE,
    units: str = c.UNITS,
    starts: int = 8,
    random_state: int = 0,
) -> LatentClassEstimate:
    """Classes of customers by maximum likelihood, from units sold market by market.

    Every market draws from the same classes; what sets them apart is how substitution differs
    from that of one average customer (Kamakura and Russell 1989). The likelihood has several
    peaks: the best of several starts is taken. Errors allow for what the customers of one
    market share.

    Args:
        frame: one row a market and product; a product without a row is not offered.
        market: column or columns of the market, such as store and week.
        market_size: customers of the market, a number or a column.
        classes: how many.
        product: column of the product.
        price: column of the price, above zero.
        units: column of the units sold; zeros count.
        starts: of the search.
        random_state: seed of the starts.

    Raises:
        DataError: columns are missing, prices are not above zero, rows share market and product,
            or a market sold more than it has customers.

    >>> rng = np.random.default_rng(0)
    >>> truth = LatentClassLogit([0.5, 0.5], [[3.0, 2.0], [1.0, 3.0]], [-3.0, -1.0], [1.0, 1.0])
    >>> prices = rng.uniform(0.5, 2.5, (60, 2))
    >>> frame = pd.DataFrame({"item_id": list("ab") * 60, "week": np.repeat(range(60), 2),
    ...                       "price": prices.ravel(), "units": truth.units(prices).ravel() * 1000})
    >>> estimate_latent_classes(frame, market="week", market_size=1000.0, starts=2)
    LatentClassEstimate(2 products; 50% with -3, 50% with -1)
    """
    check_whole("classes", classes, at_least=1)
    check_whole("starts", starts, at_least=1)
    columns = tuple(market) if isinstance(market, list | tuple) else (market,)
    counts, products = _counts(frame, columns, product, price, units, market_size)
    tastes, reached = most_likely(counts, classes, starts, random_state)
    covariance, known = _covariance(tastes, counts, classes)
    parameters = len(tastes.packed())
    likely = float(reached.max())
    prices = frame.groupby(product, observed=True)[price].agg(lowest="min", highest="max")
    reason = _reason(tastes, counts, known, parameters)
    return LatentClassEstimate(
        products,
        tastes,
        covariance,
        likely,
        -2 * likely + parameters * float(np.log(len(counts.units))),
        not reason,
        reason,
        prices.reindex(products),
    )


def _of(tastes: Tastes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tastes.weights, tastes.utility, tastes.price_coefficient


def _counts(
    frame: pd.DataFrame,
    market: Sequence[Hashable],
    product: Hashable,
    price: str,
    units: str,
    market_size: str | float,
) -> tuple[Counts, pd.Index]:
    size = [market_size] if isinstance(market_size, str) else []
    need_columns(frame, "frame", [*market, product, price, units, *size])  # type: ignore[list-item]
    refuse_repeated(frame, "frame", [*market, product])  # type: ignore[list-item]
    if not len(frame):
        raise DataError("there are no rows", table="frame", next_step="Pass some.")
    for name, least in ((price, np.nextafter(0, 1)), (units, 0.0), *((one, 0.0) for one in size)):
        values = pd.to_numeric(frame[name], errors="coerce")
        bad = ~(np.isfinite(values) & (values >= least)).to_numpy()
        refuse_values(frame[name], bad, "frame", "are no numbers in their range")
    row = labels(frame, market)
    code, names = pd.factorize(frame[product], sort=True)
    shape = (row.max() + 1, len(names))
    sold, paid, offered = np.zeros(shape), np.ones(shape), np.zeros(shape, bool)
    sold[row, code], paid[row, code], offered[row, code] = frame[units], frame[price], True
    customers = np.full(len(frame), market_size) if not size else frame[size[0]].to_numpy(float)
    whole = np.zeros(shape[0])
    whole[row] = customers
    nothing = whole - sold.sum(axis=1)
    if (nothing < 0).any():
        raise DataError(
            f"{(nothing < 0).sum():,} markets sold more than they have customers",
            table="frame",
            next_step="Give a larger market size.",
        )
    index = pd.Index(names, name=product)
    return Counts(sold, nothing, paid, offered, np.ones(shape[0])), index


def _covariance(tastes: Tastes, counts: Counts, classes: int) -> tuple[np.ndarray, bool]:
    """Sandwich by markets, and whether the likelihood curves in every direction."""
    from scipy.optimize import approx_fprime

    vector = tastes.packed()

    def slope(at: np.ndarray) -> np.ndarray:
        return scores(at, counts, classes).sum(axis=0)

    curvature = -approx_fprime(vector, slope, 1e-5)
    curvature = (curvature + curvature.T) / 2
    values, vectors = np.linalg.eigh(curvature)
    known = bool(values.min() > 1e-6 * values.max())
    useful = values > 1e-9 * values.max()
    bread = (vectors[:, useful] / values[useful]) @ vectors[:, useful].T
    each = scores(vector, counts, classes)
    return bread @ (each.T @ each) @ bread, known


def _reason(tastes: Tastes, counts: Counts, known: bool, parameters: int) -> str:
    """Why the data does not tell the classes apart; empty where it does."""
    paid = np.where(counts.offered, counts.prices, np.nan)
    moved = np.nanmax(paid, axis=0) > 1.01 * np.nanmin(paid, axis=0)
    if not moved.any():
        return "no price moved: change prices in some markets"
    if len(counts.units) <= parameters / max(counts.units.shape[1], 1):
        return "there are too few markets for so many classes: use fewer classes"
    if tastes.weights.min() < 0.01:
        return "a class has less than 1% of the customers: use fewer classes"
    if not known:
        return "the likelihood is flat in some direction: use fewer classes, or more markets"
    return ""
