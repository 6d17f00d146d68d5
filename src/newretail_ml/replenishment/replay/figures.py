"""Key figures from totals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from newretail_ml.replenishment.replay.totals import REASONS, Totals


def sums(totals: Totals, profit: np.ndarray) -> dict[str, np.ndarray]:
    """(series,) units, counts and money that key figures are made of; means over the paths."""
    values = {
        "demand": totals.demand,
        "met": totals.met,
        "sold": totals.sold,
        "wasted": totals.wasted,
        "out_of_stock": totals.out_of_stock,
        "cycles": totals.cycles,
        "cycles_met": totals.cycles_met,
        **totals.money,
        "cost": totals.cost,
        "profit": profit,
    }
    return {
        name: value if value.ndim == 1 else value.mean(axis=1) for name, value in values.items()
    }


def rates(of: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Key figures by name, from sums of any shape; see `Replay.kpis`."""
    return {
        "fill_rate": _share(of["met"], of["demand"], 1.0),
        "cycle_service_level": _share(of["cycles_met"], of["cycles"], 1.0),
        "waste_share": _share(of["wasted"], of["sold"] + of["wasted"], 0.0),
        "days_out_of_stock": of["out_of_stock"],
        "units_sold": of["sold"],
        "units_lost": of["demand"] - of["met"],
        **{reason: of[reason] for reason in REASONS},
        "cost": of["cost"],
        "profit": of["profit"],
    }


def _share(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    """Part of the whole, or something else where the whole is nothing."""
    whole = np.asarray(whole, dtype=float)
    return np.divide(part, whole, out=np.full(whole.shape, otherwise), where=whole > 0)
