"""What came of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newretail_ml.tracking.outcomes import names as w

FORECAST = "forecast"
ORDERS = "orders"
PRICES = "prices"
SLATES = "slates"
KINDS = (FORECAST, ORDERS, PRICES, SLATES)


@dataclass(frozen=True, eq=False, repr=False)
class Outcomes:
    """A decision beside what happened afterwards.

    Attributes:
        kind: forecast, orders, prices or slates.
        table: one row for each row and period of the decision that is known by now.
        by_week: the same by week (or by the longer periods of the decision).
        figures: of all weeks together, by name.
        lines: one row a line of the decision, where a decision is more than its periods.
        notes: what the reader should know.
    """

    kind: str
    table: pd.DataFrame
    by_week: pd.DataFrame
    figures: Mapping[str, float]
    lines: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()

    def metrics(self) -> dict[str, float]:
        """The figures, under names that tell them from those of a backtest."""
        return {f"outcomes/{self.kind}/{name}": value for name, value in self.figures.items()}

    def metrics_by_week(self) -> list[tuple[int, dict[str, float]]]:
        """Figures of each week under its number, counted from the first week of the decision."""
        kept = self.by_week.drop(columns=[w.WEEK]).select_dtypes(["number", "bool"])
        weeks = (self.by_week[w.WEEK] - self.by_week[w.WEEK].min()).dt.days // 7
        return [
            (
                int(week),
                {f"outcomes/{self.kind}/by_week/{name}": float(row[name]) for name in kept},
            )
            for week, row in zip(weeks, kept.to_dict("records"), strict=True)
        ]

    def __repr__(self) -> str:
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:,.4g}"
            for name, value in self.figures.items()
            if np.isfinite(value)
        )
        lines = [
            f"Outcomes of {self.kind}: {len(self.table):,} rows in {len(self.by_week):,} weeks",
            figures,
            "",
            self.by_week.to_string(index=False, float_format="{:,.4g}".format),
            "",
            *(f"- {note}" for note in self.notes),
        ]
        return "\n".join(lines)
