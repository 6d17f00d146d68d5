"""A recommender as a model that a batch engine may call with any customers in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.recommendation import Recommender
from newretail_ml.recommendation.lists.offer import Kind
from newretail_ml.tracking.served.kinds import RECOMMENDER
from newretail_ml.tracking.served.pickles import read_pickle, write_pickle
from newretail_ml.tracking.served.rows import (
    EXAMPLE_ROWS,
    MISSING,
    RAISE,
    UNKNOWN,
    Column,
    Served,
    as_ids,
)

K: Final = "k"
EXCLUDE_BOUGHT: Final = "exclude_bought"
KIND: Final = "kind"
POPULAR: Final = "popular"
_FILE: Final = "recommender.pkl"


@dataclass(frozen=True, eq=False)
class ServedRecommender(Served):
    """Customers in, their lists out: one row a slot.

    Parameters of `predict`: k (slots for each customer), exclude_bought, kind ("any"; "repeat"
    or "discovery" for slots of that kind alone, which makes lists shorter where it runs out), and
    unknown ("raise"; "missing" for no rows, "popular" for what is popular).

    Attributes:
        model: the fitted recommender, with the histories that it knows.
    """

    kind: ClassVar[str] = RECOMMENDER
    unknowns: ClassVar[tuple[str, ...]] = (RAISE, MISSING, POPULAR)
    model: Recommender

    @property
    def asked(self) -> tuple[Column, ...]:
        """A customer."""
        return (Column(c.CUSTOMER, "string"),)

    @property
    def answered(self) -> tuple[Column, ...]:
        """As `Recommender.recommend` answers."""
        return (
            Column(c.CUSTOMER, "string"),
            Column(c.ITEM, "string"),
            Column(c.RANK, "long"),
            Column(c.SCORE, "double"),
            Column(c.SLOT, "string"),
            Column(c.REASON, "string"),
        )

    @property
    def choices(self) -> Mapping[str, Any]:
        """Slots, their kind, and what unknown customers get."""
        return {K: 10, EXCLUDE_BOUGHT: False, KIND: Kind.ANY.value, UNKNOWN: RAISE}

    @property
    def example(self) -> pd.DataFrame:
        """The first customers."""
        return self.model.interactions_.customers[[c.CUSTOMER]].head(EXAMPLE_ROWS)

    def write(self, folder: Path) -> None:
        """The recommender, pickled."""
        write_pickle(self.model, folder / _FILE)

    @classmethod
    def read(cls, folder: Path) -> ServedRecommender:
        """The recommender of a folder."""
        return cls(read_pickle(folder / _FILE))

    @property
    def _way_out(self) -> str:
        return 'params={"unknown": "popular"} to get what is popular, or "missing" for no rows'

    def _unknown(self, rows: pd.DataFrame) -> list[tuple[np.ndarray, str, str]]:
        known = self.model.interactions_.rows_of(as_ids(rows[c.CUSTOMER]))
        return [(known < 0, c.CUSTOMER, "name a customer that the model does not know")]

    def _answer(
        self, rows: pd.DataFrame, known: np.ndarray, choices: Mapping[str, Any]
    ) -> pd.DataFrame:
        ids = as_ids(rows[c.CUSTOMER])
        if choices[UNKNOWN] == POPULAR:
            known = ids.notna().to_numpy()
        ids = ids[known]
        table = self._lists(ids.drop_duplicates(), choices)
        # A customer's slots lie together; a customer who is asked for twice gets them twice.
        first = pd.Series(np.arange(len(table)), table[c.CUSTOMER]).groupby(level=0).agg(list)
        slots = first.reindex(ids).dropna()
        order = np.concatenate([np.zeros(0, int), *(np.array(one) for one in slots)])
        return table.iloc[order].reset_index(drop=True)

    def _lists(self, customers: pd.Series, choices: Mapping[str, Any]) -> pd.DataFrame:
        kind, discovery = _kind(choices)
        mix = {Kind.REPEAT.value: int(choices[K])} if kind is Kind.REPEAT else None
        table = self.model.recommend(
            customers, int(choices[K]), exclude_bought=discovery and mix is None, mix=mix
        )
        return table if kind is Kind.ANY else table[table[c.SLOT] == kind.value]


def _kind(choices: Mapping[str, Any]) -> tuple[Kind, bool]:
    """Which slots are asked for, and whether what was bought is left out."""
    if choices[KIND] not in list(Kind):
        raise DataError(
            f"there is no kind of slot {choices[KIND]!r}",
            next_step=f"Choose from {', '.join(Kind)}.",
        )
    kind = Kind(choices[KIND])
    if kind is Kind.REPEAT and choices[EXCLUDE_BOUGHT]:
        raise DataError(
            "slots of what was bought before cannot leave out what was bought",
            next_step='Pass kind="discovery", or exclude_bought=False.',
        )
    return kind, bool(choices[EXCLUDE_BOUGHT]) or kind is Kind.DISCOVERY
