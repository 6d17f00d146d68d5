"""What a hurried user passes is answered with what to do next, not with a traceback."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel, Periods
from newretail_ml.pricing.assortment import best_assortment
from newretail_ml.pricing.demand import MonotoneTrees, backtest_prices
from newretail_ml.pricing.learning import PriceLearner, with_outcomes
from newretail_ml.pricing.markdown import plan_markdowns
from newretail_ml.pricing.price_list import MaxChange, plan_prices
from newretail_ml.pricing.response import ConstantElasticity

KEYS = pd.DataFrame({"item_id": ["a", "b"]})
RESPONSE = ConstantElasticity([10.0, 20.0], [2.0, 3.0], [-2.0, -3.0], keys=KEYS)


def history(days):
    dates = pd.date_range("2026-01-05", periods=days)
    return Panel.from_frame(
        pd.DataFrame({"item_id": "a", "date": dates, "units": 3.0, "price": 2.0})
    )


def markdowns(**options):
    paths = np.full((2, 10, 4), 3.0)
    forecast = Forecast(KEYS, Periods.spanning("2026-01-05", "2026-02-01", "W"), paths)
    return plan_markdowns(forecast, RESPONSE, KEYS.assign(on_hand=9), **options)


def test_one_rule_is_a_list_of_one():
    one = plan_prices(RESPONSE, 1.0, MaxChange(0.1))
    pd.testing.assert_frame_equal(one.prices, plan_prices(RESPONSE, 1.0, [MaxChange(0.1)]).prices)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plan_prices(RESPONSE, 1.0, points=[]), "no price points"),
        (lambda: markdowns(points=[]), "no price points"),
        (lambda: markdowns(rules={"every": 2}), "dict, not MarkdownRules"),
        (lambda: best_assortment(RESPONSE), "ConstantElasticity .* MultinomialLogit"),
        (lambda: backtest_prices([MonotoneTrees], history(60)), "a class.*MonotoneTrees[(][)]"),
        (lambda: RESPONSE.profit([2.0, 3.0], [1, 2, 3]), "unit costs have shape"),
        (lambda: RESPONSE.sample(-1), "n is -1"),
        (lambda: PriceLearner.from_dict({}), "has no candidates, prior"),
        (lambda: MonotoneTrees().fit(history(1)), "more history"),
    ],
)
def test_what_cannot_be_used_is_told(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_sales_may_write_their_dates_as_text():
    learner = PriceLearner(pd.DataFrame({"item_id": "a", "price": [1.8, 2.0, 2.2]}))
    state = pd.DataFrame({"item_id": ["a"], "current_price": [2.0], "unit_cost": [1.2]})
    log = learner.choose(state, "2026-06-01")
    sales = pd.DataFrame({"item_id": ["a"], "date": ["2026-06-01"], "units": [7]})
    made = with_outcomes(log, sales)
    assert made.loc[made["chosen"], "units"].tolist() == [7]
