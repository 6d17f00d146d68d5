"""Fixtures for all tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the developers' shared data sets are not beside this clone")
    return folder


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store without runs; making one takes seconds."""
    from newretail_ml.tracking.store import connect, store_uri

    folder = tmp_path_factory.mktemp("store")
    uri = store_uri(folder)
    assert uri is not None
    connect(uri)
    return folder / "mlflow.db"
