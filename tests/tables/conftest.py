import pandas as pd
import pytest


@pytest.fixture
def orders() -> pd.DataFrame:
    """Four lines of three orders over two channels; the last one is a return."""
    return pd.DataFrame(
        {
            "order_id": ["1", "1", "2", "3"],
            "time": pd.to_datetime(
                ["2024-05-01 09:00", "2024-05-01 09:00", "2024-05-02 10:30", "2024-05-04 18:00"]
            ),
            "channel": ["store", "store", "online", "store"],
            "location_id": ["001", "001", "web", "001"],
            "customer_id": ["00123", "00123", None, "00123"],
            "item_id": ["tea", "cup", "tea", "cup"],
            "units": [2.0, 1.0, 0.25, -1.0],
            "unit_price": [2.5, 4.0, 2.4, 4.0],
        }
    )


@pytest.fixture
def frames(orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All seven tables of a small chain, with a static attribute that only the chain knows."""
    return {
        "orders": orders,
        "items": pd.DataFrame(
            {
                "item_id": ["cup", "tea"],
                "category": ["kitchen", "food"],
                "unit_cost": [1.5, 1.0],
                "shelf_life": [float("nan"), 365.0],
                "launch_date": pd.to_datetime(["2023-01-01", "2023-06-01"]),
                "weight": [0.3, 0.1],
            }
        ),
        "locations": pd.DataFrame(
            {"location_id": ["001", "web"], "kind": ["store", "online"], "region": ["NA", None]}
        ),
        "stock": pd.DataFrame(
            {
                "date": pd.to_datetime(["2024-05-01", "2024-05-01", "2024-05-02", "2024-05-01"]),
                "location_id": ["001", "web", "001", "001"],
                "item_id": ["tea", "tea", "tea", "cup"],
                "on_hand": [5.0, 7.0, -2.0, 3.0],
            }
        ),
        "prices": pd.DataFrame(
            {
                "date": pd.to_datetime(["2024-05-01", "2024-06-18"]),
                "item_id": ["tea", "tea"],
                "location_id": ["001", "001"],
                "price": [2.5, 2.0],
                "regular_price": [2.5, 2.5],
            }
        ),
        "customers": pd.DataFrame({"customer_id": ["00123"], "segment": ["regular"]}),
        "events": pd.DataFrame({"date": pd.to_datetime(["2024-06-18"]), "event": ["618"]}),
    }
