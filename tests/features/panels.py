"""A small panel in which everything odd that a chain's data can hold happens at least once."""

from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml import features as f
from newretail_ml.features.block import CHAIN
from newretail_ml.panel import Panel, Periods

N_SERIES = 10
CUT = 80
PLANNED = 12  # periods that the price plan reaches beyond the cut

FEATURES = (
    f.Lag(1),
    f.Lag(7),
    f.Lag(30),
    f.RollingMean(1),
    f.RollingMean(28),
    f.RollingStd(5),
    f.RollingStd(28),
    f.RollingMin(7),
    f.RollingMax(13),
    f.RollingMedian(6),
    f.RollingMedian(9),
    f.ZeroShare(14),
    f.SeasonalMean(7, 4),
    f.SeasonalMean(12, 1),
    f.Trend(7, 28),
    f.ExpandingMean(),
    f.ExponentialMean(4.5),
    f.PeriodsSinceSale(),
    f.AvailableShare(10),
    f.PeriodsSinceStockout(),
    f.Price(),
    f.PriceRatio(20),
    f.PriceChange(1),
    f.PriceChange(7),
    f.Discount(),
    f.Promotion(),
    f.PeriodsSincePromotion(9),
    f.PeriodsSincePromotion(),
    f.DayOfWeek(),
    f.DayOfMonth(),
    f.DayOfYear(),
    f.Month(),
    f.Horizon(),
    f.Holiday("CN"),
    f.DaysToHoliday("GB", 10),
    f.DaysToEvent("festival"),
    f.DaysAfterEvent("festival", 5),
    f.DaysToEvent("any", 30),
    f.DaysAfterEvent("fair", 30),
    f.Static("category"),
    f.Static(c.LOCATION),
    f.Static(c.ITEM, ("b", "e")),
    f.StaticNumber("unit_cost"),
    f.Age(),
    f.Age(30),
    f.ByGroup("category", f.Lag(1)),
    f.ByGroup("category", f.RollingStd(14)),
    f.ByGroup(c.LOCATION, f.SeasonalMean(7, 3)),
    f.ByGroup(c.REGION, f.ExponentialMean(3.0)),
    f.ByGroup(CHAIN, f.PeriodsSinceSale()),
)


def odd_panel(freq: str = "D", seed: int = 0) -> Panel:
    """Ten series with late starts, gaps, stock-outs, launches, delistings and local events."""
    random = np.random.default_rng(seed)
    units = random.gamma(1.0, 4.0, (N_SERIES, CUT)).round(2) * (
        random.random((N_SERIES, CUT)) < 0.6
    )
    units[2, :40] = 0.0  # first sale late
    units[3, :30] = np.nan  # first row late
    units[4] = 0.0  # never sold, never launched
    units[5] = 0.0  # launched, never sold
    units[1, 10:25] = np.nan  # unknown for a while
    units[7] = np.nan  # nothing known at all
    launch = np.full(N_SERIES, -1, dtype=np.int32)
    launch[[5, 6, 8, 9]] = 20, 0, 35, CUT + 5  # 8 and 9 sell before they are launched
    delisting = np.full(N_SERIES, Panel.NEVER, dtype=np.int32)
    delisting[[6, 2]] = 60, CUT + 3
    keys = pd.MultiIndex.from_product([list("abcde"), ["north", "south"]])
    return Panel(
        keys=keys.to_frame(index=False, name=[c.ITEM, c.LOCATION]),
        periods=Periods.spanning("2025-11-03", "2025-11-03", freq).resized(CUT + PLANNED),
        units=units.astype(np.float32),
        censored=_stockouts(random),
        launch=launch,
        delisting=delisting,
        plans=_plans(random),
        statics=pd.DataFrame(
            {
                "category": ["tea", "tea", "cup", None, "cup", "pot", "tea", None, "cup", "pot"],
                "unit_cost": [1.5, np.nan, *range(8)],
                c.REGION: ["N", "S"] * 5,
            }
        ),
        events=_events(),
    )


def edited_after(panel: Panel, cut: int, seed: int) -> Panel:
    """The panel with other sales, first sales and stock-outs from period ``cut`` on."""
    random = np.random.default_rng(seed)
    units, censored = panel.units.copy(), panel.censored.copy()
    shape = units[:, cut:].shape
    units[:, cut:] = random.choice([0.0, 0.5, 900.0, np.nan], shape)
    censored[:, cut:] = random.random(shape) < 0.5
    return replace(panel, units=units, censored=censored)


def _stockouts(random: np.random.Generator) -> np.ndarray:
    censored = random.random((N_SERIES, CUT)) < 0.1
    censored[0] = False
    censored[3, 45:70] = True
    return censored


def _plans(random: np.random.Generator) -> dict[str, np.ndarray]:
    shape = (N_SERIES, CUT + PLANNED)
    regular = np.repeat(random.uniform(2.0, 9.0, (N_SERIES, 1)), shape[1], axis=1)
    promotion = (random.random(shape) < 0.08).astype(np.float32)
    price = regular * np.where(promotion > 0, 0.7, random.choice([1.0, 1.1], shape))
    regular[3, :28] = price[3, :28] = np.nan
    price[4] = np.nan
    promotion[5] = 0.0
    plans = {c.PRICE: price, c.REGULAR_PRICE: regular, c.PROMOTION: promotion}
    return {name: plan.astype(np.float32) for name, plan in plans.items()}


def _events() -> pd.DataFrame:
    rows = [
        ("2025-11-11", "festival", None, None),
        ("2026-01-20", "festival", None, None),
        ("2025-12-24", "fair", "north", None),
        ("2025-12-29", "fair", None, "S"),
        ("2026-02-02", "fair", "south", "N"),  # nowhere: the south store is in region S
    ]
    events = pd.DataFrame(rows, columns=[c.DATE, c.EVENT, c.LOCATION, c.REGION])
    return events.assign(date=pd.to_datetime(events[c.DATE]))
