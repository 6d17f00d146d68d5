"""Customers of one kind in one market, whose demand is a ratio of sums over points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.choice import LatentClassLogit
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.price_list.board import Board
from newretail_ml.pricing.price_list.task import Task


@dataclass(frozen=True, eq=False)
class Ratio:
    """Customers of one kind in one market.

    Attributes:
        members: (q,) positions of the products that they choose among.
        size: how many customers.
        attraction: (q, m) of each product at each of its points, beside 1 for buying nothing.
    """

    members: np.ndarray
    size: float
    attraction: np.ndarray


def ratios_of(board: Board, response: ChoiceResponse) -> list[Ratio]:
    """One ratio for each market and kind of customer of a multinomial or latent-class logit."""
    made = []
    for members in response.markets.members():
        size = float(response.market_size[members[0]])
        weights = response.weights if isinstance(response, LatentClassLogit) else np.ones(1)
        utilities = np.atleast_2d(response.utility)
        coefficients = np.atleast_2d(response.price_coefficient)
        for weight, utility, coefficient in zip(weights, utilities, coefficients, strict=True):
            worth = utility[members, None] + coefficient[members, None] * board.prices[members]
            attraction = np.where(board.real[members], np.exp(worth), 0.0)
            made.append(Ratio(members, float(weight) * size, attraction))
    return made


def margin_of(task: Task, one: Ratio) -> np.ndarray:
    """(q, m) what a unit adds to the objective at each point."""
    board = task.board
    return board.prices[one.members] - task.share * board.cost[one.members][:, None]
