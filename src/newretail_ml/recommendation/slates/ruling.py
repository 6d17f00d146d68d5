"""All rules of a plan, as what they say of the candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.candidates import Candidates
from newretail_ml.recommendation.slates.rules.base import Count, Said, Showing, SlateRule

_MOST = np.iinfo(np.int16).max


@dataclass(frozen=True, eq=False)
class Limits:
    """A count as each slate sees it: groups are numbered within the slate.

    Attributes:
        group: (n, m) group of each candidate, from 0; m for none.
        at_most: (n, m + 1) items of each group.
        at_least: (n, m + 1) items of each group, as far as there are candidates.
        distinct: (n,) groups to be shown, as far as there are candidates.
    """

    group: np.ndarray
    at_most: np.ndarray
    at_least: np.ndarray
    distinct: np.ndarray

    @classmethod
    def of(cls, count: Count, allowed: np.ndarray) -> Limits:
        """The limits of each slate, given which candidates may be shown."""
        n, m = allowed.shape
        counted = (count.code >= 0) & allowed
        row, column = np.nonzero(counted)
        key = row * np.int64(len(count.at_most) or 1) + count.code[row, column]
        first, inverse = np.unique(key, return_index=True, return_inverse=True)[1:]
        group = np.full((n, m), m, np.int16)
        group[row, column] = column[first][inverse]
        there = np.zeros((n, m + 1), np.int16)
        there[row[first], column[first]] = np.bincount(inverse, minlength=len(first))
        code = count.code[row[first], column[first]]
        at_most = np.full((n, m + 1), _MOST, np.int16)
        at_most[row[first], column[first]] = np.minimum(count.at_most, _MOST)[code]
        at_least = np.zeros((n, m + 1), np.int16)
        at_least[row[first], column[first]] = np.minimum(count.at_least, _MOST)[code]
        at_least = np.minimum(np.minimum(at_least, there), at_most)
        distinct = np.minimum((there > 0).sum(axis=1), count.distinct).astype(np.int16)
        return cls(group, at_most, at_least, distinct)

    def of_rows(self, rows: np.ndarray | slice) -> Limits:
        """The limits of some slates."""
        return Limits(**{name: values[rows] for name, values in vars(self).items()})

    @property
    def needs(self) -> bool:
        """Whether it asks for anything to be shown."""
        return bool(self.at_least.any() or self.distinct.any())


@dataclass(frozen=True, eq=False)
class Ruling:
    """What all rules say.

    Attributes:
        said: what each rule says, by its title.
        allowed: (n, m) candidates that may be shown.
        limits: by title, of the rules that count.
        showings: by title, of the rules that want something shown.
    """

    said: dict[str, Said]
    allowed: np.ndarray
    limits: dict[str, Limits]
    showings: dict[str, Showing]

    @classmethod
    def of(cls, candidates: Candidates, rules: object, k: int) -> Ruling:
        """What rules say of candidates for slates of k.

        Raises:
            DataError: these are not rules, two have one name, or one asks for what there is not.
        """
        said: dict[str, Said] = {}
        for rule in _checked_rules(rules):
            if rule.title in said:
                raise DataError(
                    f"two rules are named '{rule.title}'", next_step="Give them other names."
                )
            rule.refuse_unknown(candidates)
            said[rule.title] = rule.on(candidates, k)
        return cls._from(said, candidates.there)

    @classmethod
    def _from(cls, said: dict[str, Said], there: np.ndarray) -> Ruling:
        allowed = there.copy()
        for one in said.values():
            if one.allowed is not None:
                allowed &= one.allowed
        limits = {
            title: Limits.of(one.count, allowed)
            for title, one in said.items()
            if one.count is not None
        }
        showings = {title: one.showing for title, one in said.items() if one.showing is not None}
        return cls(said, allowed, limits, showings)

    def without(self, title: str, there: np.ndarray) -> Ruling:
        """All rules but one."""
        return self._from({name: one for name, one in self.said.items() if name != title}, there)


def _checked_rules(rules: object) -> list[SlateRule]:
    if isinstance(rules, SlateRule):
        rules = [rules]
    made = []
    for rule in rules if isinstance(rules, Iterable) else [rules]:
        if not isinstance(rule, SlateRule):
            raise DataError(
                f"a {type(rule).__name__} is not a rule of slates",
                next_step='Pass rules such as AtMostPer("brand", 2).',
            )
        if rule.where is not None and not isinstance(rule.where, Mapping):
            raise DataError(
                f"a {type(rule.where).__name__} does not say which items a rule is about",
                next_step='Name column and value, as where={"brand": "Cedar"}.',
            )
        made.append(rule)
    return made
