"""Where labels beside points are put, so that they can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Sizes as shares of a panel: of a letter, a line, and the gap beside a point.
_LETTER, _LINE, _GAP = 0.0084, 0.06, 0.018
_STEPS = (0, 1, -1, 2, -2, 3, -3, 4, -4)


def label_places(spots: np.ndarray, error: np.ndarray, letters: list[int]) -> np.ndarray:
    """(n, 2) left ends of labels beside points that cover neither one another nor the points.

    The nearest free place is taken, the right side first. Where none is free, a label rather lies
    on a bar than on another label.

    Args:
        spots: (n, 2) places of the points as shares of the axes.
        error: (n,) reach of their bars, up and down, in the same measure.
        letters: length of each label.

    >>> label_places(np.array([[0.1, 0.5], [0.2, 0.5]]), np.zeros(2), [20, 4]).round(3).tolist()
    [[0.118, 0.56], [0.218, 0.5]]
    """
    width = _LETTER * np.array(letters)
    bars = [(x - 0.01, x + 0.01, y - up, y + up) for (x, y), up in zip(spots, error, strict=True)]
    labels: list[tuple[float, ...]] = []
    places = np.empty((len(spots), 2))
    for one, (x, y) in enumerate(spots):
        sides = (x + _GAP, x - _GAP - width[one])
        tries = [(side, y + _LINE * step) for step in _STEPS for side in sides]
        boxes = [(a, a + width[one], b - _LINE / 2.2, b + _LINE / 2.2) for a, b in tries]
        best = int(np.argmin([_badness(box, bars, labels) for box in boxes]))
        places[one] = tries[best]
        labels.append(boxes[best])
    return places


def _badness(
    box: tuple[float, ...], bars: Sequence[tuple[float, ...]], labels: Sequence[tuple[float, ...]]
) -> int:
    """How bad a place is: off the axes is worse than on a label, that is worse than on a bar."""
    outside = box[0] < 0 or box[2] < 0 or box[3] > 1
    on_labels = sum(_overlap(box, other) for other in labels)
    on_bars = sum(_overlap(box, other) for other in bars)
    return 10_000 * outside + 100 * on_labels + on_bars


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    across = one[0] < other[1] and other[0] < one[1]
    return across and one[2] < other[3] and other[2] < one[3]
