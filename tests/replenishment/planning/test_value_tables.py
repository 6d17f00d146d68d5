"""Tables of profit by packs, against the expected cost itself."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import State
from newretail_ml.replenishment.planning.deciding import decide, priced
from newretail_ml.replenishment.planning.lines import lines_of
from newretail_ml.replenishment.planning.value_tables import value_tables
from newretail_ml.replenishment.planning.wide import wide_table


def lines_and_forecast(n=40, mean=3.0, horizon=12, **terms):
    rng = np.random.default_rng(0)
    keys = pd.DataFrame({"item_id": [f"item_{k:02}" for k in range(n)]})
    paths = rng.poisson(mean, (n, 50, horizon)).astype("float32")
    forecast = Forecast(keys, Periods(pd.Timestamp("2026-03-02"), horizon, "D"), paths)
    base = {
        "on_hand": rng.integers(0, 20, n),
        "lead_time": rng.integers(0, 3, n),
        "review_period": 2,
        "pack_size": rng.integers(1, 5, n),
        "holding_cost": 0.3,
        "shortage_cost": 2.0,
        "unit_cost": 1.0,
        "shelf_life": np.where(np.arange(n) % 2, 3.0, np.nan),
        **terms,
    }
    state = State(keys.assign(**base))
    return lines_of(wide_table(state, None, None, ["item_id"]), state, None, forecast), forecast


@pytest.mark.parametrize("backorders", [False, True])
def test_tables_are_the_expected_profit_of_each_number_of_packs(backorders):
    lines, forecast = lines_and_forecast()
    made = decide(lines, forecast, backorders=backorders)
    rows = np.arange(0, 40, 3)
    tables = value_tables(lines, made, rows, forecast, backorders=backorders)
    assert (tables.value[:, 0] == 0).all()
    assert (tables.lot == 1).all()
    some = lines.take(rows)
    reach = tables.most * some.step
    for part in priced(some, forecast, backorders=backorders, reach=reach):
        none = part.cost.of(np.zeros(len(part.rows)))
        for packs in range(tables.value.shape[1]):
            inside = packs <= tables.most[part.rows]
            profit = none - part.cost.of(packs * part.lines.step)
            ours = tables.value[part.rows, packs]
            assert ours[inside] == pytest.approx(profit[inside], abs=1e-9)
            last = tables.value[part.rows, tables.most[part.rows]]
            assert (ours[~inside] == last[~inside]).all()
    best = np.where(np.arange(tables.value.shape[1]) <= tables.most[:, None], tables.value, -9e9)
    assert best.max(axis=1) == pytest.approx(made.profit[rows], abs=1e-9)
    assert (np.diff(tables.value, 2, axis=1)[:, : tables.most.min() - 1] <= 1e-9).all()


def test_large_lines_are_tabled_in_lots():
    lines, forecast = lines_and_forecast(3, 400.0, pack_size=1, on_hand=0, shelf_life=np.nan)
    made = decide(lines, forecast, backorders=False)
    tables = value_tables(lines, made, np.arange(3), forecast, backorders=False)
    assert (tables.lot > 1).all()
    assert tables.value.shape[1] <= 258
    best = tables.value.max(axis=1)
    assert best == pytest.approx(made.profit, rel=1e-3)
