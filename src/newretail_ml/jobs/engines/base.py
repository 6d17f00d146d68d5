"""What an engine is, and the simplest one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from newretail_ml.errors import NewRetailError

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

Engine = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]
"""Gives ``work(part)`` for each part as it is done, in any order.

Where it never will be done, because the process that worked on it died, a `WorkerLostError`.
"""


class WorkerLostError(NewRetailError):
    """A worker process died while it worked on a part, or could not begin.

    Args:
        part: what it worked on.
        reason: what is known of its end, in a sentence.
    """

    def __init__(self, part: object, reason: str) -> None:
        self.part = part
        super().__init__(reason)


def local(work: Callable[[_Part], _Done], parts: Sequence[_Part]) -> Iterator[_Done]:
    """One part after another, in this process.

    >>> list(local(len, ["one", "three"]))
    [3, 5]
    """
    for part in parts:
        yield work(part)
