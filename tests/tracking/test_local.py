"""Models of the tracker, of folders and of files, brought to this machine."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError, TrackingError
from newretail_ml.forecasting import Forecaster, MovingAverage
from newretail_ml.jobs.models import SavedModel
from newretail_ml.panel import Panel
from newretail_ml.tracking.store import connect, store_uri

NAME = "chain-forecast"


@pytest.fixture(scope="module")
def average(panel: Panel) -> MovingAverage:
    return MovingAverage(14).fit(panel)


@pytest.fixture
def logged(store: Path, average: MovingAverage) -> tuple[str, str]:
    """A run's id and the address of its model, which is version 1 and the champion."""
    with tracking.run(store=store, required=True) as run:
        uri = run.log_model(average, average.forecast(3, n_paths=5))
    client = connect(str(store_uri(store)))
    client.create_registered_model(NAME)
    model = client.get_logged_model(str(uri).removeprefix("models:/"))
    client.create_model_version(NAME, model.artifact_location, run.run_id, model_id=model.model_id)
    client.set_registered_model_alias(NAME, "champion", "1")
    return str(run.run_id), str(uri)


def test_each_address_of_a_model_leads_to_it(
    store: Path, logged: tuple[str, str], average: MovingAverage
) -> None:
    run_id, uri = logged
    expected = {
        f"models:/{NAME}@champion": ("1", f"models:/{NAME}/1"),
        f"models:/{NAME}/1": ("1", f"models:/{NAME}/1"),
        uri: (uri.removeprefix("models:/"), uri),
        f"runs:/{run_id}/forecaster": (uri.removeprefix("models:/"), uri),
    }
    for address, (version, precise) in expected.items():
        found = tracking.local_model(address, store, kind="forecaster")
        assert (found.kind, found.version, found.uri, found.run_id) == (
            "forecaster",
            version,
            precise,
            run_id,
        )
        model = SavedModel.of(found.path, address, found.version).load()
        assert np.array_equal(model.mean(3), average.mean(3))
    folder = tracking.local_model(found.path)
    assert (folder.kind, folder.run_id) == ("forecaster", None)


def test_workers_read_it_without_mlflow(store: Path, logged: tuple[str, str]) -> None:
    path = tracking.local_model(f"models:/{NAME}@champion", store).path
    code = (
        "import sys; from newretail_ml.jobs.models import SavedModel; from pathlib import Path; "
        f"SavedModel.of(Path({str(path)!r})).load().mean(3); sys.exit('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_of_a_model_has_a_digest_as_its_version(
    tmp_path: Path, average: MovingAverage
) -> None:
    average.save(tmp_path / "model.pkl")
    found = tracking.local_model(tmp_path / "model.pkl")
    assert (found.path, found.kind, len(found.version)) == (
        tmp_path / "model.pkl",
        "forecaster",
        16,
    )
    assert isinstance(Forecaster.load(found.path), MovingAverage)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"models:/{NAME}@winner", r"no alias @winner\. Choose .*@champion"),
        (f"models:/{NAME}/7", r"no version 7\. Choose from 1\."),
        ("models:/other@champion", rf"no registered model 'other' .*Choose from {NAME}\."),
        ("models:/m-0123", r"no model m-0123\. Choose from m-"),
        (f"models:/{NAME}", r"names no version of a model\. Write models:/name@alias"),
        ("runs:/0123/forecaster", r"there is no run '0123'"),
        ("runs:/{run}/other", r"has no model 'other'\. Choose from runs:/.*/forecaster\."),
        ("runs:/{run}", r"has no model ''\. Choose from runs:/.*/forecaster\."),
    ],
)
def test_what_does_not_exist_is_told_beside_what_does(
    address: str, said: str, store: Path, logged: tuple[str, str]
) -> None:
    with pytest.raises(DataError, match=said):
        tracking.local_model(address.format(run=logged[0]), store)


def test_a_model_of_another_kind_is_refused(tmp_path: Path, average: MovingAverage) -> None:
    average.save(tmp_path / "model.pkl")
    with pytest.raises(DataError, match=r"another kind: forecaster\. Name a fitted recommender"):
        tracking.local_model(tmp_path / "model.pkl", kind="recommender")
    with pytest.raises(DataError, match="there is no kind of model 'magic'"):
        tracking.local_model(tmp_path / "model.pkl", kind="magic")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a model")
    with pytest.raises(DataError, match="holds no model"):
        tracking.local_model(tmp_path / "notes.txt")
    with pytest.raises(DataError, match="holds no model of this library"):
        tracking.local_model(tmp_path)
    with pytest.raises(DataError, match="there is no model"):
        tracking.local_model(tmp_path / "nothing")


def test_a_dead_server_or_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="Start it or mend it"):
        tracking.local_model(f"models:/{NAME}@champion", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="there are no tracked runs"):
        tracking.local_model(f"models:/{NAME}@champion", tmp_path)
