"""The package implicit, used such that its results can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from newretail_ml.errors import MissingExtraError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix, sparray, spmatrix


def implicit_package() -> ModuleType:
    """The package.

    Raises:
        MissingExtraError: implicit is not installed.
    """
    try:
        import implicit.cpu.als
        import implicit.cpu.bpr
    except ImportError:
        raise MissingExtraError("implicit", extra="recommendation") from None
    return implicit


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products on one thread: threads within threads are slow and round differently.

    It also keeps the package from warning of it.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def as_seed(random_state: Any) -> int:
    """A whole number of any seed: the package fails on a RandomState, and one drawn from moves on.

    Args:
        random_state: a whole number, a RandomState or a Generator; neither is changed.

    >>> as_seed(7), as_seed(np.random.RandomState(3)) == as_seed(np.random.RandomState(3))
    (7, True)
    """
    if isinstance(random_state, np.random.RandomState):
        copy = np.random.RandomState()
        copy.set_state(random_state.get_state())
        return int(copy.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        bits = type(random_state.bit_generator)()
        bits.state = random_state.bit_generator.state
        return int(np.random.Generator(bits).integers(2**31 - 1))
    return int(random_state)


def as_csr_matrix(values: spmatrix | sparray) -> csr_matrix:
    """The values as the one sparse class that the package takes: csr_matrix of float32, int32.

    A csr_array is refused by it, and so are positions of 64 bits.
    """
    from scipy.sparse import csr_matrix

    sorted_values = csr_matrix(values, dtype=np.float32)
    sorted_values.sort_indices()
    positions = (sorted_values.indices.astype(np.int32), sorted_values.indptr.astype(np.int32))
    return csr_matrix((sorted_values.data, *positions), shape=sorted_values.shape)
