"""A policy of orders as a model that a batch engine may call with any lines in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning import order_plan as o
from newretail_ml.tracking.served.kinds import ORDER_POLICY
from newretail_ml.tracking.served.order_policy import OrderPolicy
from newretail_ml.tracking.served.pickles import read_pickle, write_pickle
from newretail_ml.tracking.served.rows import EXAMPLE_ROWS, ROWS, Column, Served

_FILE: Final = "order_policy.pkl"
_OPTIONAL: Final = (
    c.ON_ORDER,
    c.LEAD_TIME,
    c.REVIEW_PERIOD,
    c.PACK_SIZE,
    c.PALLET_SIZE,
    c.MINIMUM_UNITS,
    c.MINIMUM_VALUE,
    c.SHELF_CAPACITY,
    c.PRESENTATION_MINIMUM,
    c.SHELF_LIFE,
    c.UNIT_COST,
    c.UNIT_PRICE,
    c.HOLDING_COST,
    c.SHORTAGE_COST,
    c.SALVAGE_VALUE,
    c.ORDER_COST,
    c.LEFT_OVER_COST,
    c.TRANSPORT_COST,
)
_DATES: Final = (c.LAUNCH_DATE, c.DELISTING_DATE)
_TEXTS: Final = (o.BINDING_RULE, o.WHY)
_NUMBERS: Final = (
    c.ON_HAND,
    c.ON_ORDER,
    o.EXPECTED_DEMAND,
    o.EXPECTED_STOCK,
    o.PACKS,
    c.PACK_SIZE,
    c.UNITS,
    o.ORDER_VALUE,
    o.FILL_RATE,
    o.EXPECTED_PROFIT,
    o.RULE_COST,
)


@dataclass(frozen=True, eq=False)
class ServedOrders(Served):
    """Lines of stock in, the same lines with units to order and why out.

    Attributes:
        model: the policy, with its forecast and terms.
    """

    kind: ClassVar[str] = ORDER_POLICY
    model: OrderPolicy

    @property
    def asked(self) -> tuple[Column, ...]:
        """Keys and on_hand; terms and costs where the policy's own do not hold."""
        return (
            *(Column(name, "string") for name in self.model.keys),
            Column(c.ON_HAND),
            *(Column(name, required=False) for name in _OPTIONAL),
            *(Column(name, "datetime", required=False) for name in _DATES),
        )

    @property
    def answered(self) -> tuple[Column, ...]:
        """Keys, the order, what is expected of it, and why."""
        return (
            *(Column(name, "string") for name in self.model.keys),
            Column(o.ARRIVAL, "datetime"),
            *(Column(name) for name in _NUMBERS),
            *(Column(name, "string") for name in _TEXTS),
        )

    @property
    def example(self) -> pd.DataFrame:
        """The first lines, with no stock."""
        return self.model.forecast.keys.head(EXAMPLE_ROWS).assign(**{c.ON_HAND: 0.0})

    def write(self, folder: Path) -> None:
        """The policy, pickled."""
        write_pickle(self.model, folder / _FILE)

    @classmethod
    def read(cls, folder: Path) -> ServedOrders:
        """The policy of a folder."""
        return cls(read_pickle(folder / _FILE))

    def _unknown(self, rows: pd.DataFrame) -> list[tuple[np.ndarray, str, str]]:
        unknown = self.model.series_of(rows) < 0
        return [(unknown, ", ".join(self.model.keys), "belong to a series without a forecast")]

    def _answer(
        self,
        rows: pd.DataFrame,
        known: np.ndarray,
        choices: Mapping[str, Any],  # noqa: ARG002
    ) -> pd.DataFrame:
        asked = rows[known]
        self._check_horizon(asked)
        decided = self.model.decide(asked)
        names = [one.name for one in self.answered]
        position = np.full(len(rows), -1)
        position[known] = np.arange(len(asked))
        answer = decided[names].reset_index(drop=True).reindex(position).set_axis(rows.index)
        answer = answer.astype({**dict.fromkeys(_NUMBERS, float), o.ARRIVAL: "datetime64[us]"})
        return answer.assign(**{name: rows[name] for name in self.model.keys})

    def _check_horizon(self, rows: pd.DataFrame) -> None:
        """A line whose next order comes after the forecast would spoil those beside it."""
        lines = self.model.completed(rows)
        horizon = self.model.forecast.horizon
        if not {c.LEAD_TIME, c.REVIEW_PERIOD} <= set(lines):
            return
        late = (lines[c.LEAD_TIME] + lines[c.REVIEW_PERIOD] > horizon).to_numpy()
        if late.any():
            raise DataError(
                f"the next orders of {late.sum():,} lines arrive after the {horizon} periods of "
                "the forecast",
                table=ROWS,
                column=f"{c.LEAD_TIME}, {c.REVIEW_PERIOD}",
                rows=rows.index[late],
                next_step="Shorten them, or log a policy with a longer forecast.",
            )
