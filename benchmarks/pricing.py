"""Pricing, timed: elasticities on ten million rows beside pyfixest.

Elasticity: log units on log price and promotion, 10 million rows of 100,000 store-items, ordered
by week; store-item effects absorbed, once alone and once with week effects, errors clustered by
store-item. pyfixest runs without copies of the data, which is its fastest. Each pair of runs
follows one another, and the figure is the median of their ratios; both coefficients and standard
errors are printed, which shows that both do the same work. An argument sets another number of
rows.
"""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from typing import TypeVar

import numpy as np
import pandas as pd

from newretail_ml.pricing.estimation import estimate

N_ROWS, N_STORES, N_ITEMS, N_PAIRS = 10_000_000, 100, 1_000, 3
SHARE_ON_SALE = 0.8
CAUSES = ["log_price", "promotion"]
_T = TypeVar("_T")


def timed(work: Callable[[], _T]) -> tuple[float, _T]:
    """Seconds on the wall, and what the work returns."""
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def sales(n_rows: int, random_state: int = 0) -> pd.DataFrame:
    """Weekly sales of store-items with a price elasticity of -2.5 and a lift of 0.3."""
    rng = np.random.default_rng(random_state)
    n_series = N_STORES * N_ITEMS
    n_weeks = max(round(n_rows / SHARE_ON_SALE / n_series), 2)
    week, series = np.divmod(np.arange(n_weeks * n_series), n_series)
    sold = rng.random(len(week)) < SHARE_ON_SALE
    week, series = week[sold][:n_rows], series[sold][:n_rows]
    promotion = (rng.random(len(week)) < 0.1).astype(float)
    log_price = rng.normal(1.0, 0.5, n_series)[series] + 0.02 * rng.standard_normal(n_weeks)[week]
    log_price += 0.1 * rng.standard_normal(len(week)) - 0.2 * promotion
    level = rng.normal(2.0, 1.0, n_series)[series] + 0.1 * rng.standard_normal(n_weeks)[week]
    log_units = level - 2.5 * log_price + 0.3 * promotion + 0.5 * rng.standard_normal(len(week))
    return pd.DataFrame(
        {
            "store_item": series,
            "week": week,
            "log_price": log_price,
            "promotion": promotion,
            "log_units": log_units,
        }
    )


def elasticities(n_rows: int) -> None:
    """Ours beside pyfixest's, with one effect and with two."""
    import pyfixest

    frame = sales(n_rows)
    print(f"Elasticity: {len(frame):,} rows, {frame['store_item'].nunique():,} store-items")
    small = frame.head(200_000)
    for absorb in (["store_item"], ["store_item", "week"]):

        def ours(data: pd.DataFrame, absorb: list[str] = absorb) -> tuple[np.ndarray, np.ndarray]:
            found = estimate(data, "log_units", CAUSES, absorb=absorb, cluster="store_item")
            return found.coefficients, found.standard_errors

        def peer(data: pd.DataFrame, absorb: list[str] = absorb) -> tuple[np.ndarray, np.ndarray]:
            found = pyfixest.feols(
                f"log_units ~ {' + '.join(CAUSES)} | {' + '.join(absorb)}",
                data,
                vcov={"CRV1": "store_item"},
                copy_data=False,
                store_data=False,
                lean=True,
            )
            return found.coef().to_numpy(), found.se().to_numpy()

        ours(small), peer(small)
        ratios = []
        for _ in range(N_PAIRS):
            our_time, our_answer = timed(lambda: ours(frame))
            peer_time, peer_answer = timed(lambda: peer(frame))
            ratios.append(our_time / peer_time)
            print(f"  {' + '.join(absorb)}: ours {our_time:.2f} s, pyfixest {peer_time:.2f} s")
        for name, one, other in (("ours", *our_answer), ("pyfixest", *peer_answer)):
            print(f"  {name}: coefficients {one.round(8)}, errors {other.round(8)}")
        beside = f"ours / pyfixest {version('pyfixest')}"
        print(f"  {' + '.join(absorb)}: {beside}: {median(ratios):.2f}")


def main() -> None:
    """All sections."""
    elasticities(int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS)


if __name__ == "__main__":
    main()
