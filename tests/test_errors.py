"""Errors come whole from another process."""

import pickle

import pandas as pd
import pytest

from newretail_ml.errors import (
    DataError,
    InfeasibleError,
    MissingExtraError,
    NotFittedError,
    TrackingError,
)

ERRORS = [
    DataError("2 are wrong", table="orders", column="units", rows=[3, 8], next_step="Mend them."),
    NotFittedError(object()),
    InfeasibleError("two rules conflict", next_step="Drop one.", conflicts=pd.DataFrame()),
    MissingExtraError("mlflow", extra="tracking"),
    TrackingError("it is down", next_step="Start it."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_pickled_whole(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__.keys() == error.__dict__.keys()
