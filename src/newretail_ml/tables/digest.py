"""A fingerprint of tables, to tell whether two runs saw the same data."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """A digest of 16 hex digits over all rows of all tables, whatever the order of rows.

    >>> one = pd.DataFrame({"item_id": ["a", "b"]})
    >>> fingerprint({"items": one}) == fingerprint({"items": one[::-1]})
    True
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(tables):
        frame = tables[name]
        digest.update("\x1f".join([name, *map(str, frame.columns)]).encode())
        rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        digest.update(np.sort(rows).astype("<u8").tobytes())
    return digest.hexdigest()
