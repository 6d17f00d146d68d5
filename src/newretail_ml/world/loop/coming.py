"""What is going to come, whatever is decided: levels, luck and visitors of the days ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from newretail_ml.world.make import World
from newretail_ml.world.pricing import luck_of_days, wanted_on_day
from newretail_ml.world.randomness import stream
from newretail_ml.world.slates.planning import first_planned_days
from newretail_ml.world.slates.replay import Day, draw_day
from newretail_ml.world.slates.wishes import Wishes

_VISITORS, _SUBSTITUTES, _BASKETS = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Coming:
    """Chance of the days ahead, drawn before anything is decided: common random numbers.

    The same customers come under every policy: the same visitors look at what they are shown, and
    the same luck makes wishes of rates, which alone depend on prices and slates.

    Attributes:
        world: the world that goes on.
        days: numbers of the days.
        luck: uniform numbers of demand, (days, items, shops, channels).
        wishes: what members want, at the prices that were planned.
    """

    world: World
    days: np.ndarray
    luck: np.ndarray
    wishes: Wishes

    @classmethod
    def of(cls, world: World, days: int) -> Self:
        """The first days after today.

        Raises:
            DataError: the world has not so many planned days.
        """
        numbers = first_planned_days(world.chain, days)
        luck = luck_of_days(world.chain, numbers)
        return cls(world, numbers, luck, Wishes.of(world, numbers))

    def wanted(self, place: int, price: np.ndarray, promoted: np.ndarray) -> np.ndarray:
        """(items, shops, channels) units that customers come for at these prices."""
        day = int(self.days[place])
        return wanted_on_day(self.world, day, price, promoted, self.luck[place])

    def visitors(self, place: int) -> Day:
        """The members who come and look at slates."""
        rng = self._stream(place, _VISITORS)
        return draw_day(rng, self.wishes.visits[place], len(self.world.chain.catalogue.ids))

    def rounding(self, place: int) -> np.ndarray:
        """Uniform numbers by which shares of customers become whole ones, (2, shops, channels)."""
        return self._stream(place, _SUBSTITUTES).random((2, *self.luck.shape[2:]))

    def baskets(self, place: int) -> np.random.Generator:
        """Chance that spreads what is sold over the visits of customers."""
        return self._stream(place, _BASKETS)

    def _stream(self, place: int, part: int) -> np.random.Generator:
        seed = self.world.chain.config.random_state
        return stream(seed, "loop", int(self.days[place]), part)
