"""What would orders by forecast have earned on a real shop's sales, week after week?

Answer (2026-11-29): orders planned on the default's forecasts would have earned 316 thousand pounds
in 18 weeks: 13% more than ordering up to a moving average with safety stock (280), 7% more than
with four weeks of cover (296). They cost 13% and 8% less and close 15% of the gap in cost to a
clairvoyant, who earns 515. On the paths of a moving average the same planner earns 279: the gain is
the forecast's.

UCI Online Retail, the 300 items that sold in the most weeks until 2011-07-31, replayed from
2011-08-01 to 2011-12-04: 18 weekly reviews, a lead time of two weeks, lost sales. A unit costs
half its median price before the start, a unit short loses that margin, a unit in stock at the end
of a week costs a fifth of it: terms chosen, not known. Money is in pounds, over all weeks; the
clairvoyant knows all demand. Defaults throughout, the model refitted every four weeks.

What a replay cannot know:
- Sales are taken for demand. Where the shop ran out, which this data does not record, they are
  only a lower bound, and orders that would have sold more look like waste.
- One decision has no effect on the next: nobody who met an empty shelf stays away or buys
  another item, and no slate or price was changed by what was in stock.
- Prices did not answer. They are the shop's own, nobody set them by a policy under test, and what
  would have sold at another price was never seen: so for prices there is nothing to replay, and
  only a trial or a simulated chain can judge them (005 judges models of demand at prices set).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from newretail_ml.forecasting import AutoForecaster, MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay import (
    ForecastPolicy,
    Policy,
    Replay,
    moving_average_policy,
    replay,
)
from newretail_ml.tables import RetailTables

FILES = {"online_retail.parquet": "UCI Online Retail, the order lines as published"}
START, LAST_DAY = "2011-08-01", "2011-12-04"
HISTORY, LEAD_TIME, COVERED, RATIO = 13, 2, 3, 5


def compare(data: Path, quick: bool) -> Mapping[str, Replay]:
    tables = RetailTables.read(data / "online_retail.parquet", mapping="online_retail")
    panel = Panel.from_tables(tables, by=("item_id",), freq="W")
    panel = panel.until("2011-08-28" if quick else LAST_DAY)
    start = panel.until("2011-07-31").cut
    weeks = (panel.units[:, :start] > 0).sum(axis=1)
    panel = panel.select(np.sort(np.argsort(-weeks, kind="stable")[: 10 if quick else 300]))
    lines = tables.demand_lines()
    before = lines[lines["time"] < START].groupby("item_id")["unit_price"].median()
    price = panel.keys["item_id"].map(before).to_numpy(float)
    stock = np.ceil(COVERED * panel.units[:, start - HISTORY : start].mean(axis=1))
    terms = panel.keys.assign(
        on_hand=stock,
        lead_time=LEAD_TIME,
        review_period=1,
        unit_price=price,
        unit_cost=price / 2,
        shortage_cost=price / 2,
        holding_cost=price / 2 / RATIO,
    )
    policies: dict[str, Policy] = {
        "moving average, safety stock": moving_average_policy(HISTORY),
        "moving average, four weeks of cover": moving_average_policy(HISTORY, cover=COVERED + 1),
        "plan on a moving average's paths": ForecastPolicy(MovingAverage(HISTORY)),
        "plan on the default's paths": ForecastPolicy(AutoForecaster(COVERED, progress=False)),
    }
    if quick:
        policies = {name: policies[name] for name in list(policies)[:3]}
    return {
        name: replay(policy, panel, terms, start=start, progress=False)
        for name, policy in policies.items()
    }
