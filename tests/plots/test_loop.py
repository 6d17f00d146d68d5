"""The figures of the closed loop show the ledger's numbers."""

import numpy as np
import pytest

from newretail_ml import plots
from newretail_ml.errors import DataError
from newretail_ml.world import ChainConfig, Policies, best_slate, make_world, run


@pytest.fixture(scope="module")
def results():
    world = make_world(ChainConfig(days=60, n_stores=1, n_regions=1, n_items=8, n_customers=60))
    slate = best_slate(world, 3, added=True)
    shown = Policies(slates=lambda view: slate, name="with slates")
    return [run(world, Policies(name="as usual"), days=14), run(world, shown, days=14)]


def test_profit_adds_up_to_the_difference_of_the_ledgers(results):
    axes = plots.loop_profit_chart(results).axes[0]
    line = next(one for one in axes.lines if one.get_label() == "with slates")
    assert line.get_ydata()[-1] == pytest.approx(results[1].profit - results[0].profit)
    assert len(line.get_ydata()) == 14


def test_money_adds_up_to_the_profit(results):
    axes = plots.loop_money_chart(results).axes[0]
    *parts, profit = [bar.get_width() for bar in axes.patches]
    assert sum(parts) == pytest.approx(profit)
    assert profit == pytest.approx(results[1].profit - results[0].profit)
    assert np.isfinite(parts).all()


@pytest.mark.parametrize("chart", [plots.loop_profit_chart, plots.loop_money_chart])
def test_one_run_or_other_days_are_refused(chart, results):
    with pytest.raises(DataError, match="nothing to compare"):
        chart(results[:1])
    world = make_world(ChainConfig(days=60, n_stores=1, n_regions=1, n_items=8, n_customers=60))
    with pytest.raises(DataError, match="other days"):
        chart([results[0], run(world, days=7)])
