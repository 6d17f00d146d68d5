"""Numbers that were written with all their digits, read to the last bit.

pandas 3 does so by itself; pandas 2 is quick instead, and off by the last bit of one in six.
"""

from typing import Any

import pandas as pd

PANDAS_3 = int(pd.__version__.split(".")[0]) >= 3

EXACT: dict[str, Any] = {} if PANDAS_3 else {"float_precision": "round_trip"}
"""Arguments of `pd.read_csv`."""


def to_exact_numbers(values: pd.Series) -> pd.Series:
    """float64 from numbers or text; missing where it could not be read.

    >>> to_exact_numbers(pd.Series(["0.30000000000000004", "many"])).tolist()
    [0.30000000000000004, nan]
    """
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    if PANDAS_3 or pd.api.types.is_numeric_dtype(values.dtype):
        return numbers
    read = numbers.notna().to_numpy()
    numbers.iloc[read] = values[read].to_numpy(dtype=object).astype("float64")
    return numbers
