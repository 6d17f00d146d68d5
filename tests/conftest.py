"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure of a test.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Threads that wait for work by spinning take the cores from the other workers. Read when OpenMP
# is loaded, which is later.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Files that take long, however few their tests are: begun last, one would leave the other
# workers idle at the end.
BEGUN_FIRST = (
    "tests/test_notebooks.py",
    "tests/jobs/spark/test_same_output.py",
    "tests/jobs/spark/test_killed.py",
    "tests/jobs/core/test_fit_once.py",
    "tests/test_readme.py",
    "tests/contracts/test_forecasters.py",
    "tests/replenishment/replay/test_forecast_policy.py",
    "tests/pricing/demand/test_double_ml.py",
    "tests/cli/test_demo.py",
    "tests/replenishment/planning/test_all_rules.py",
    "tests/world/test_price_criterion.py",
    "tests/cli/test_process.py",
    "tests/tracking/test_server.py",
    "tests/test_experiments.py",
    "tests/world/loop/test_regret.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker runs a whole file, long ones first; notebooks go to whoever is free."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class LongFilesFirst(LoadFileScheduling):
        def _split_scope(self, nodeid):
            alone = nodeid.startswith("tests/test_notebooks.py")
            return nodeid if alone else super()._split_scope(nodeid)

        def _assign_work_unit(self, node):
            waiting = (scope for name in BEGUN_FIRST for scope in self.workqueue if name in scope)
            self.workqueue.move_to_end(next(waiting, next(iter(self.workqueue))), last=False)
            super()._assign_work_unit(node)

    return LongFilesFirst(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the developers' shared data sets are not beside this clone")
    return folder


@pytest.fixture(scope="session")
def sample_world():
    """The world of data/sample; making it takes seconds. Not to be written to."""
    from newretail_ml.world import SAMPLE, make_world

    return make_world(SAMPLE)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store without runs; making one takes seconds."""
    from newretail_ml.tracking.store import connect, store_uri

    folder = tmp_path_factory.mktemp("store")
    uri = store_uri(folder)
    assert uri is not None
    connect(uri)
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own; skips where Debian's package is not installed."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver psycopg is not installed")
    from tests.postgres import programs, running

    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running(found) as server:
        yield server
