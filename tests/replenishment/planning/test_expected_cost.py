"""Expected cost against the plain twin, and the best order against all others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import State
from newretail_ml.replenishment.planning.deciding import priced
from newretail_ml.replenishment.planning.expected_cost import _going_on
from newretail_ml.replenishment.planning.lines import lines_of
from newretail_ml.replenishment.planning.wide import wide_table
from tests.replenishment.planning.twin import cost_of_order

HORIZON = 9
FIRST = pd.Timestamp("2026-03-02")


def forecast_of(paths) -> Forecast:
    paths = np.asarray(paths, "float32")
    keys = pd.DataFrame({"item_id": [f"item_{k}" for k in range(len(paths))]})
    return Forecast(keys, Periods(FIRST, paths.shape[2], "D"), paths)


@st.composite
def cases(draw):
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    lead, review = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    case = {
        "paths": rng.poisson(draw(st.sampled_from([0.4, 2.0, 5.0])), (1, 6, lead + review + 3)),
        "terms": {
            "on_hand": draw(st.integers(0, 12)),
            "lead_time": lead,
            "review_period": review,
            "pack_size": draw(st.integers(1, 4)),
            "holding_cost": draw(st.sampled_from([0.0, 0.1, 1.0])),
            "shortage_cost": draw(st.sampled_from([0.0, 1.5, 6.0])),
            "unit_cost": 2.0,
            "salvage_value": draw(st.sampled_from([0.0, 1.0])),
        },
        "ends": draw(st.sampled_from(["keeps", "shelf_life", "delisting", "both"])),
        "due": rng.integers(0, 4, lead + review + 3) * (rng.random(lead + review + 3) < 0.5),
        "backorders": draw(st.booleans()),
    }
    if case["ends"] != "keeps":
        case["due"][lead + 1 :] = 0
    if case["ends"] in ("shelf_life", "both"):
        shelf_life = case["terms"]["shelf_life"] = draw(st.integers(1, review + 3))
        if draw(st.booleans()):
            last = rng.integers(-1, shelf_life, 3)
            sizes = rng.integers(0, 5, 3)
            case["batches"] = list(zip(sizes.tolist(), last.tolist(), strict=True))
            case["terms"]["on_hand"] = int(sizes.sum())
    if case["ends"] in ("delisting", "both"):
        ends = draw(st.integers(lead + 1, lead + review + 3))
        case["terms"]["delisting_date"] = FIRST + pd.Timedelta(days=ends)
    return case


def inputs_of(case):
    forecast = forecast_of(case["paths"])
    stock = forecast.keys.assign(**case["terms"])
    due = pd.DataFrame(
        {
            "item_id": "item_0",
            "date": FIRST + pd.to_timedelta(np.arange(len(case["due"])), "D"),
            "units": case["due"],
        }
    )
    batches = None
    if "batches" in case:
        dated = [("item_0", FIRST + pd.Timedelta(days=day), size) for size, day in case["batches"]]
        batches = pd.DataFrame(dated, columns=["item_id", "date", "units"])
    return forecast, State(stock, due, batches)


def twin_costs(case, units):
    terms = case["terms"]
    delisting = terms.get("delisting_date")
    return np.mean(
        [
            cost_of_order(
                path,
                units,
                arrival=terms["lead_time"],
                following=terms["lead_time"] + terms["review_period"],
                on_hand=terms["on_hand"],
                due=case["due"],
                batches=case.get("batches"),
                shelf_life=terms.get("shelf_life", np.inf),
                delisting=np.inf if delisting is None else (delisting - FIRST).days,
                holding=terms["holding_cost"],
                shortage=terms["shortage_cost"],
                loss=0 if case["ends"] == "keeps" else 2.0 - terms["salvage_value"],
                backorders=case["backorders"],
            )
            for path in case["paths"][0].tolist()
        ]
    )


@settings(max_examples=120, deadline=None)
@given(case=cases())
def test_expected_cost_is_that_of_the_plain_twin(case):
    forecast, state = inputs_of(case)
    lines = lines_of(wide_table(state, None, None, ["item_id"]), state, None, forecast)
    (part,) = priced(lines, forecast, backorders=case["backorders"], reach=np.zeros(1))
    none = part.cost.of(np.zeros(1)).item()
    step, best = case["terms"]["pack_size"], part.best.item()
    by_twin = {k: twin_costs(case, step * k) for k in {0, 1, 5, max(best - 1, 0), best, best + 1}}
    for k, twin in by_twin.items():
        ours = part.cost.of(np.array([float(step * k)])).item() - none
        assert ours == pytest.approx(twin - by_twin[0], abs=1e-6)
    assert by_twin[best] == pytest.approx(min(by_twin.values()), abs=1e-6)
    next_pack = part.cost.of_one_more(np.array([float(step * best)]), np.array([float(step)]))
    assert next_pack.item() == pytest.approx(by_twin[best + 1] - by_twin[best], abs=1e-6)


def test_demand_beyond_the_horizon_goes_on_as_varied_as_before():
    """Not at its mean: then goods with a long shelf life would look safe from waste."""
    demand = np.random.default_rng(2).poisson(3.0, (4, 2, 4_000)).astype(float)
    total = _going_on(demand, np.array([0, 10]))
    assert not total[0].any()
    assert total[1].mean() == pytest.approx(30.0, rel=0.02)
    assert total[1].var() == pytest.approx(4 * 3 * (1 + 1 + 0.5**2), rel=0.1)
    before = demand.sum(axis=0)[1]
    assert abs(np.corrcoef(before, total[1])[0, 1]) < 0.05
