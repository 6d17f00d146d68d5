"""Maps work over parts by an engine, and tries once more where a worker was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from newretail_ml.jobs.engines import Engine, WorkerLostError

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")

TRIALS = 2


def is_lost(answer: object) -> bool:
    """Whether there is no answer, because the worker died."""
    return isinstance(answer, WorkerLostError)


def in_trials(
    engine: Engine,
    work: Callable[[_Part], _Done],
    parts: Sequence[_Part],
    failed: Callable[[Any], bool] = is_lost,
) -> Iterator[tuple[int, _Done | WorkerLostError]]:
    """The answer for each part as it comes, with the number of the trial, from 1 on.

    What failed is tried once more when all others are done, and may fail again: the last answer
    for a part is the one that counts.

    Args:
        engine: who works.
        work: what to do; it may be killed at any time and begun again elsewhere.
        parts: what to do it to.
        failed: whether an answer is none.

    >>> from newretail_ml.jobs import local
    >>> list(in_trials(local, len, ["one", "three"], failed=lambda length: length > 3))
    [(1, 3), (1, 5), (2, 5)]
    """
    missing = list(range(len(parts)))
    for trial in range(1, TRIALS + 1):
        again = []
        numbered = [(number, parts[number]) for number in missing]
        for numbered_answer in engine(_Numbered(work), numbered) if numbered else ():
            number, answer = _unwrapped(numbered_answer)
            if failed(answer):
                again.append(number)
            yield trial, answer
        missing = sorted(again)


def all_answers(
    engine: Engine,
    work: Callable[[_Part], _Done],
    parts: Sequence[_Part],
    told: Callable[[_Part, str], str],
) -> list[_Done]:
    """The answers for all parts, in any order.

    Args:
        engine: who works.
        work: what to do.
        parts: what to do it to.
        told: says which part was lost in what, given the part and what the engine knows of it.

    Raises:
        WorkerLostError: a worker was lost twice on the same part.
    """
    found = []
    for trial, answer in in_trials(engine, work, parts):
        if not isinstance(answer, WorkerLostError):
            found.append(answer)
        elif trial == TRIALS:
            part: Any = answer.part
            raise WorkerLostError(part, told(part, str(answer)))
    return found


@dataclass(frozen=True)
class _Numbered(Generic[_Part, _Done]):
    """Tells which part an answer is for: answers come in any order."""

    work: Callable[[_Part], _Done]

    def __call__(self, numbered: tuple[int, _Part]) -> tuple[int, _Done]:
        number, part = numbered
        return number, self.work(part)


def _unwrapped(answer: Any) -> tuple[int, Any]:
    lost = isinstance(answer, WorkerLostError)
    number, inner = answer.part if lost else answer
    return number, WorkerLostError(inner, str(answer)) if lost else inner
