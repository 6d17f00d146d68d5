"""Forecast, orders, replay: the library's policy beside the usual practice, in money.

Three chains, by week: an order comes in two weeks after it was placed, there is a review every
week, and sales that meet an empty shelf are lost.

* UCI Online Retail, the 500 items that sold in the most weeks until 2011-07-31; replayed from
  2011-08-01 to the end, 18 weeks.
* The sample chain, all items and shops; its true demand is known. The last 13 weeks are replayed
  from sales that ran into empty shelves now and then.
* Dominick's orange juice, the 913 store-brands; 23 weeks from the 98th on.

Terms, chosen once: the unit cost is half the price (the median price of Online Retail, one money
a unit of juice; the sample chain knows its own costs), a unit short loses the margin, and a unit
in stock at the end of a week costs a fifth of that margin, the terms of the VN2 inventory
competition. Two other ratios stand below, for chains that hold more cheaply. Stock at the start is
three weeks of the last thirteen's average sales. Costs of all weeks count, the first two as well.

The library's policy is `ForecastPolicy(AutoForecaster(horizon=3))` with its defaults. The usual
practice orders up to a moving average of 13 weeks, once with four weeks of cover and once with a
safety stock for the critical ratio of the costs. The clairvoyant knows all demand.

The data is looked for in the folder that the first argument names, or in ../shared/data.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tasks import BESIDE

from newretail_ml.forecasting import AutoForecaster
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import ForecastPolicy, moving_average_policy, replay
from newretail_ml.tables import RetailTables
from newretail_ml.world import SAMPLE, make_world

LEAD_TIME, REVIEW_PERIOD = 2, 1
RATIOS = (5, 20, 99)
FIRST_JUICE = pd.Timestamp("1990-06-14")


@dataclass(frozen=True)
class Chain:
    """One chain to replay.

    Attributes:
        name: of the data.
        panel: sales before the start, true demand from then on.
        start: first period of the replay.
        margin: (series,) money that a unit short loses.
        unit_cost: (series,).
    """

    name: str
    panel: Panel
    start: int
    margin: np.ndarray
    unit_cost: np.ndarray

    def terms(self, ratio: float) -> pd.DataFrame:
        """Stock, supply and costs at a ratio of margin to weekly holding cost."""
        before = np.nan_to_num(self.panel.units[:, self.start - 13 : self.start])
        return self.panel.keys.assign(
            on_hand=np.ceil(3 * before.mean(axis=1)),
            lead_time=LEAD_TIME,
            review_period=REVIEW_PERIOD,
            unit_cost=self.unit_cost,
            shortage_cost=self.margin,
            holding_cost=self.margin / ratio,
        )


def online_retail(folder: Path) -> Chain:
    """Weeks of gifts."""
    tables = RetailTables.read(folder / "online_retail.parquet", mapping="online_retail")
    panel = Panel.from_tables(tables, by=("item_id",), freq="W")
    start = panel.until("2011-07-31").cut
    weeks = (panel.units[:, :start] > 0).sum(axis=1)
    panel = panel.select(np.sort(np.argsort(-weeks, kind="stable")[:500]))
    lines = tables.demand_lines()
    lines = lines[lines["time"] < "2011-08-01"]
    price = panel.keys["item_id"].map(lines.groupby("item_id")["unit_price"].median())
    half = 0.5 * price.to_numpy(float)
    return Chain("Online Retail", panel, start, half, half)


def sample_chain() -> Chain:
    """Weeks of the sample world: sales until the start, then what customers wanted."""
    world = make_world(SAMPLE)
    sold = Panel.from_tables(world.tables, freq="W")
    start = sold.cut - 13
    wanted = world.truth.demand_frame()
    wanted["week"] = sold.periods.position(wanted["date"])
    by = ["item_id", "location_id"]
    weeks = wanted.pivot_table("units", by, "week", aggfunc="sum", fill_value=0.0)
    truth = weeks.reindex(pd.MultiIndex.from_frame(sold.keys[by]))[range(start, sold.cut)]
    units, censored = sold.units.copy(), sold.censored.copy()
    units[:, start:] = truth.fillna(0.0)
    censored[:, start:] = False
    items = world.tables.items.set_index("item_id")
    cost = sold.keys["item_id"].map(items["unit_cost"]).to_numpy(float)
    price = np.nanmedian(sold.plans["regular_price"], axis=1)
    panel = replace(sold, units=units, censored=censored)
    return Chain("sample chain", panel, start, price - cost, cost)


def orange_juice(folder: Path) -> Chain:
    """Weeks of juice by store and brand."""
    rows = pd.read_parquet(folder / "oj_yx.parquet")
    weeks = pd.to_timedelta(7 * (rows["week"].astype(int) - 40), unit="D")
    frame = pd.DataFrame(
        {
            "item_id": "brand " + rows["brand"].astype(int).astype(str),
            "location_id": "store " + rows["store"].astype(int).astype(str),
            "date": FIRST_JUICE + weeks,
            "units": np.exp(rows["logmove"]).round(),
        }
    )
    panel = Panel.from_frame(frame, freq="W")
    half = np.full(panel.n_series, 0.5)
    return Chain("orange juice", panel, 98, half, half)


def chains(folder: Path) -> Iterator[Chain]:
    """The sample chain, and what of the other data is there."""
    yield sample_chain()
    for file, make in (("online_retail", online_retail), ("oj_yx", orange_juice)):
        if (folder / f"{file}.parquet").exists():
            yield make(folder)
        else:
            print(f"Skipped: {file}.parquet is not in the folder that was named.")


def judged(chain: Chain, ratio: float) -> pd.DataFrame:
    """One row a policy: cost, fill rate, what is saved, and the gap to the clairvoyant closed."""
    policies = [
        moving_average_policy(13),
        moving_average_policy(13, cover=LEAD_TIME + REVIEW_PERIOD + 1),
        ForecastPolicy(AutoForecaster(LEAD_TIME + REVIEW_PERIOD, progress=False)),
    ]
    terms = chain.terms(ratio)
    outcomes = [
        replay(policy, chain.panel, terms, start=chain.start, baseline=policies[0])
        for policy in policies
    ]
    compared = [outcome.compare() for outcome in outcomes]
    rows = [*(table.loc["policy"] for table in compared), compared[0].loc["clairvoyant"]]
    table = pd.DataFrame(rows).drop(columns="profit").set_index("name")
    return table.assign(saved=1 - table["cost"] / table["cost"].iloc[0])


def main() -> None:
    """Print one table a chain and ratio."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    for chain in chains(folder):
        print(f"\n{chain.name}: {chain.panel.n_series:,} series, weeks {chain.start} on")
        for ratio in RATIOS:
            print(f"margin : weekly holding = {ratio} : 1")
            print(judged(chain, ratio).to_string(float_format="{:,.3f}".format))


if __name__ == "__main__":
    main()
