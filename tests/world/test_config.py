"""What a configuration refuses."""

import pytest

from newretail_ml.errors import DataError
from newretail_ml.world import ChainConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", "yesterday"),
        ("days", 0),
        ("n_stores", 0),
        ("n_regions", 10),
        ("n_items", -1),
        ("n_customers", 0),
        ("plan_days", -1),
        ("units_per_day", 0.0),
        ("units_per_day", float("nan")),
        ("stockout_share", 0.5),
        ("member_share", 1.5),
        ("random_state", -1),
    ],
)
def test_a_value_out_of_range_is_refused_with_a_next_step(name, value):
    with pytest.raises(DataError, match=rf"^{name} is .*Give"):
        ChainConfig(**{name: value})


def test_dates_hold_the_days_with_orders_and_the_planned_ones():
    dates = ChainConfig(start="2025-03-01", days=10, plan_days=5).dates
    assert (str(dates[0].date()), str(dates[-1].date())) == ("2025-03-01", "2025-03-15")
