"""Scored lists as arrays: which items each customer may be shown, and what each is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import to_text

LISTS = "lists"
_ITEMS = "items"
_CUSTOMERS = "customers"


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates of n customers, up to m of each, padded.

    Customers stand in an order that their lists decide, and ids only where lists are alike: the
    order of rows changes no slate.

    Attributes:
        lines: one row a candidate, by customer; within a customer by rank or falling score.
        customers: one row a customer: customer_id and what is known of them.
        items: one row an item: item_id and what is known of it.
        line: (n, m) row of each candidate among the lines, -1 where a customer has fewer.
        item: (n, m) row of each candidate's item, -1 there.
        given: (n,) place of each customer in the lists as they were given.
        channel: of the slates, None where they are for any.
        catalogue: one row an item, those without a list included; None where it is not known.
    """

    lines: pd.DataFrame
    customers: pd.DataFrame
    items: pd.DataFrame
    line: np.ndarray
    item: np.ndarray
    given: np.ndarray
    channel: str | None = None
    catalogue: pd.DataFrame | None = None

    @classmethod
    def of(
        cls,
        lists: pd.DataFrame,
        items: pd.DataFrame | None = None,
        customers: pd.DataFrame | None = None,
        channel: str | None = None,
    ) -> Candidates:
        """Candidates of checked lists.

        Raises:
            DataError: a column is missing or a value cannot be used, a customer has an item
                twice, or there are no rows.
        """
        lines = _checked_lists(lists)
        lines, code, ids, given = _in_order(lines)
        place = np.arange(len(code)) - np.searchsorted(code, code)
        line = np.full((len(ids), int(place.max()) + 1), -1, np.int32)
        line[code, place] = np.arange(len(code))
        catalogue = _checked_table(items, _ITEMS, c.ITEM)
        people = _checked_table(customers, _CUSTOMERS, c.CUSTOMER)
        table = _attributes(catalogue, lines[c.ITEM])
        who = _attributes(people, pd.Series(ids, name=c.CUSTOMER))
        row = pd.Index(table[c.ITEM]).get_indexer(lines[c.ITEM]).astype(np.int32)
        item = np.where(line >= 0, row[line], -1)
        return cls(lines, who, table, line, item, given, channel, catalogue)

    @property
    def n(self) -> int:
        """Number of customers."""
        return len(self.line)

    @property
    def there(self) -> np.ndarray:
        """(n, m) which places hold a candidate."""
        return np.asarray(self.line >= 0)

    def of_items(self, values: np.ndarray, nothing: Any) -> np.ndarray:
        """(n, m) a value of each item, put to the candidates."""
        return np.where(self.line >= 0, values[self.item], nothing)

    def of_lines(self, values: np.ndarray, nothing: Any) -> np.ndarray:
        """(n, m) a value of each line, put to the candidates."""
        return np.where(self.line >= 0, values[self.line], nothing)

    def chance(self) -> np.ndarray:
        """(n, m) chance of purchase, 0 where there is no candidate.

        Raises:
            DataError: the lists have none.
        """
        if c.CHANCE not in self.lines:
            raise DataError(
                "scores are not chances",
                table=LISTS,
                column=c.CHANCE,
                next_step="Add them with purchase_chances(lists, ...), or plan with "
                'objective="score".',
            )
        return self.of_lines(self.lines[c.CHANCE].to_numpy(float), 0.0)


def _in_order(lines: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Lines by customer and rank, the customer of each, ids, and each one's place as given."""
    code, ids = pd.factorize(lines[c.CUSTOMER])
    ids = np.asarray(ids, dtype=object)
    score = lines[c.SCORE if c.SCORE in lines else c.CHANCE].to_numpy(float)
    keys = [lines[c.RANK].to_numpy(float)] if c.RANK in lines else []
    item = lines[c.ITEM].rank(method="dense").to_numpy()
    by = np.lexsort((item, *keys[::-1], -score, code))
    start = np.searchsorted(code[by], np.arange(len(ids)))
    worth = lines[c.CHANCE].to_numpy(float) if c.CHANCE in lines else score
    total, most = np.add.reduceat(worth[by], start), np.maximum.reduceat(worth[by], start)
    given = np.lexsort((pd.Series(ids).rank(method="dense").to_numpy(), total, most))
    place = np.empty(len(ids), int)
    place[given] = np.arange(len(ids))
    by = by[np.argsort(place[code[by]], kind="stable")]
    return lines.iloc[by].reset_index(drop=True), place[code[by]], ids[given], given


def _checked_lists(lists: object) -> pd.DataFrame:
    if not isinstance(lists, pd.DataFrame):
        raise DataError(
            f"a {type(lists).__name__} is not lists",
            next_step="Pass the table that recommend returns.",
        )
    need_columns(lists, LISTS, [c.CUSTOMER, c.ITEM])
    if c.CHANCE not in lists:
        need_columns(lists, LISTS, [c.SCORE])
    if lists.empty:
        raise DataError("there are no rows", table=LISTS, next_step="Recommend to someone.")
    lines = lists.reset_index(drop=True)
    ids = {name: to_text(lines[name]) for name in (c.CUSTOMER, c.ITEM)}
    for name, values in ids.items():
        refuse_values(lists[name], values.isna().to_numpy(), LISTS, "are missing", "Name them.")
    numbers = {name: _numbers(lines[name]) for name in (c.SCORE, c.CHANCE, c.RANK) if name in lines}
    lines = lines.assign(**ids, **numbers)
    refuse_repeated(lines, LISTS, [c.CUSTOMER, c.ITEM])
    return lines


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    bad = ~np.isfinite(numbers.to_numpy(float))
    what = "are not finite numbers"
    if values.name == c.CHANCE:
        bad |= ~numbers.between(0.0, 1.0).to_numpy()
        what = "are not chances from 0 to 1"
    refuse_values(values, bad, LISTS, what)
    return numbers


def _checked_table(table: pd.DataFrame | None, name: str, key: str) -> pd.DataFrame | None:
    """The table with ids as text, each once."""
    if table is None:
        return None
    need_columns(table, name, [key])
    read = table.assign(**{key: to_text(table[key]).astype(object)})
    refuse_values(table[key], read[key].isna().to_numpy(), name, "are missing", "Name each row.")
    refuse_repeated(read, name, [key])
    return read


def _attributes(table: pd.DataFrame | None, ids: pd.Series) -> pd.DataFrame:
    """One row an id of the lists, in their order, with what the table says of it."""
    found = pd.DataFrame({ids.name: ids.unique()}, dtype=object)
    return found if table is None else found.merge(table, how="left", on=ids.name)
