"""What a user may choose about a synthetic chain."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newretail_ml.errors import DataError


@dataclass(frozen=True)
class ChainConfig:
    """The size and the seed of a synthetic chain.

    Args:
        start: first day of the orders.
        days: days with orders.
        plan_days: days after the last order for which prices and events are already planned.
        n_stores: stores; one online shop comes on top.
        n_regions: regions, each with one warehouse; at most `n_stores`.
        n_items: items.
        n_customers: members. More members on the same sales means fewer purchases each, and
            so a smaller share of repeat purchases.
        member_share: share of the visits to stores that are made by members; the others leave
            no customer id. Everybody who orders online is a member.
        units_per_day: mean demand of an item at a shop in units a day, both channels together,
            on an ordinary day at ordinary prices.
        stockout_share: share of item-shop-days that end with an empty shelf, from 0 to 0.3. The
            shops' safety stock is set to come close to it.
        country: ISO code of the country whose public holidays count.
        random_state: the seed. Equal configurations make equal worlds.

    Raises:
        DataError: a value is out of its range.

    >>> ChainConfig(n_stores=2, n_items=20).days
    365
    """

    start: str = "2025-01-01"
    days: int = 365
    plan_days: int = 60
    n_stores: int = 9
    n_regions: int = 2
    n_items: int = 500
    n_customers: int = 5_000
    member_share: float = 0.5
    units_per_day: float = 1.0
    stockout_share: float = 0.06
    country: str = "CN"
    random_state: int = 0

    def __post_init__(self) -> None:
        self._need(_is_day(self.start), "start", "Give a day such as 2025-01-01.")
        for name in ("days", "n_stores", "n_regions", "n_items", "n_customers"):
            self._need(getattr(self, name) >= 1, name, "Give 1 or more.")
        self._need(self.n_regions <= self.n_stores, "n_regions", "Give at most n_stores.")
        self._need(self.plan_days >= 0, "plan_days", "Give 0 or more.")
        self._need(0 < self.units_per_day <= 1_000, "units_per_day", "Give 0.01 to 1000.")
        self._need(0 <= self.member_share <= 1, "member_share", "Give 0 to 1.")
        self._need(0 <= self.stockout_share <= 0.3, "stockout_share", "Give 0 to 0.3.")
        self._need(self.random_state >= 0, "random_state", "Give 0 or more.")

    def _need(self, holds: bool, name: str, next_step: str) -> None:
        if not holds:
            raise DataError(f"{name} is {getattr(self, name)}", next_step=next_step)

    @property
    def first_day(self) -> pd.Timestamp:
        """The first day with orders."""
        return pd.Timestamp(self.start).normalize()

    @property
    def dates(self) -> pd.DatetimeIndex:
        """All days: those with orders, then those that are only planned."""
        return pd.date_range(self.first_day, periods=self.days + self.plan_days, freq="D")


def _is_day(text: str) -> bool:
    return not pd.isna(pd.to_datetime(text, errors="coerce"))


SAMPLE = ChainConfig(
    start="2024-12-01",
    days=547,
    n_stores=4,
    n_items=100,
    n_customers=990,
    member_share=0.1,
    units_per_day=1.2,
    random_state=618,
)
"""The chain of `data/sample`: 18 months to 31 May 2026, so that its next weeks hold 618."""
