"""Every experiment runs, is tracked, and begins with its answer."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newretail_ml.cli.experiment_scripts import experiments_in, overview
from newretail_ml.cli.main import newretail
from newretail_ml.tracking import compare

mlflow = pytest.importorskip("mlflow")

FOLDER = Path(__file__).resolve().parents[1] / "experiments"
EXPERIMENTS = experiments_in(FOLDER)
numbers = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.number)

TOY = '''"""Which of two is better?

Answer (2026-01-31): b, by 5 to 3.

Two worlds.
"""

import pandas as pd

FILES = {"toy.csv": "a table of toys"}
BETTER = {"profit": "higher"}
BOUNDS = ("oracle",)


def compare(data, quick):
    rows = pd.read_csv(data / "toy.csv")
    return rows.head(3) if quick else rows
'''
ROWS = """model,fold,metric,value
a,world 1,profit,3
b,world 1,profit,5
oracle,world 1,profit,9
a,world 2,profit,2
b,world 2,profit,4
oracle,world 2,profit,8
"""


@pytest.fixture(scope="module", autouse=True)
def _no_telemetry():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


@pytest.fixture(scope="module")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiments")
    shutil.copy(empty_store, folder)
    return folder


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    """A folder of one experiment, and the data it needs."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "042_toys.py").write_text(TOY)
    (folder / "toy.csv").write_text(ROWS)
    return folder


def ask(*words: object) -> Result:
    return CliRunner().invoke(newretail, ["experiment", *map(str, words)])


def needs_data(number: str) -> bool:
    (path,) = FOLDER.glob(f"{number}_*.py")
    return "\nFILES = " in path.read_text()


@numbers
def test_each_runs_in_a_tiny_version_and_is_tracked(experiment, store, request):
    data = FOLDER
    if needs_data(experiment.number):
        data = request.getfixturevalue("shared_data")
    answer = ask(experiment.number, "--quick", "--tracking", store, "--data", data)
    assert answer.exit_code == 0, answer.output
    assert experiment.question in answer.stdout
    assert experiment.answer in answer.stdout
    assert "its figures answer nothing" in answer.stdout
    assert "Tracked: " in answer.stderr
    board = compare(f"experiments/{experiment.path.stem}", store=str(store))
    assert len(board.table()) >= 2
    assert board.question == experiment.question


@numbers
def test_each_begins_with_an_answer_that_has_a_day_and_figures(experiment):
    assert experiment.question.endswith("?")
    assert date(2026, 1, 1) < date.fromisoformat(experiment.answered) <= date.today()
    assert len(re.findall(r"\d+[.,]?\d*|\.\d+", experiment.answer)) >= 2
    assert experiment.remarks


def test_numbers_are_given_once():
    named = [one.number for one in EXPERIMENTS]
    assert sorted(set(named)) == named


def test_the_readme_holds_the_questions_and_answers_as_the_scripts_tell_them():
    assert overview(EXPERIMENTS) in (FOLDER / "README.md").read_text(), (
        "write what newretail_ml.cli.experiment_scripts.overview gives into experiments/README.md"
    )


def test_without_a_number_all_are_listed(toys):
    answer = ask("--folder", toys)
    assert answer.exit_code == 0
    assert answer.stdout == "042 Which of two is better?\n    2026-01-31: b, by 5 to 3.\n"


def test_what_is_compared_is_found_in_the_tracker(toys, empty_store, tmp_path):
    shutil.copy(empty_store, tmp_path)
    answer = ask(42, "--folder", toys, "--data", toys, "--tracking", tmp_path)
    assert answer.exit_code == 0, answer.output
    assert "Means over 2 folds; not to be had: oracle." in answer.stdout
    assert re.search(r"b +4\.5", answer.stdout)
    assert answer.stdout.endswith("Answer of 2026-01-31: b, by 5 to 3.\n\nTwo worlds.\n")
    tiny = ask(42, "--quick", "--folder", toys, "--data", toys, "--tracking", tmp_path)
    assert "One fold" in tiny.stdout
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    found = client.get_experiment_by_name("experiments/042_toys").experiment_id
    runs = client.search_runs([found], "tags.experiment = '042'")
    assert {run.data.tags["quick"] for run in runs} == {"True", "False"}
    assert {run.data.tags["best_model"] for run in runs} == {"b"}
    # Tiny versions are of other data, so that they never stand beside whole ones.
    assert len({run.data.tags["data.fingerprint"] for run in runs}) == 2
    board = compare("experiments/042_toys", run=runs[-1].info.run_id, store=str(tmp_path))
    assert board.table().index[0] in ("b", "oracle")


def test_nothing_is_tracked_on_demand(toys):
    answer = ask("042", "--folder", toys, "--data", toys, "--tracking", "none")
    assert answer.exit_code == 0
    assert "Tracked" not in answer.output


def test_a_number_that_is_not_there_is_told_with_those_that_are(toys):
    answer = ask("7", "--folder", toys)
    assert answer.exit_code == 1
    assert "there is no experiment 7" in answer.output
    assert "Choose from 042." in answer.output


def test_a_missing_data_set_is_told_with_its_place(toys, tmp_path):
    (toys / "toy.csv").unlink()
    answer = ask("42", "--folder", toys, "--data", tmp_path, "--tracking", tmp_path / "none.db")
    assert answer.exit_code == 1
    assert f"needs toy.csv (a table of toys), which is not in {tmp_path}" in answer.output
    assert "--data" in answer.output
    assert not (tmp_path / "none.db").exists()


def test_a_folder_without_experiments_is_told(tmp_path):
    answer = ask("--folder", tmp_path)
    assert answer.exit_code == 1
    assert "there is no experiment such as 001_name.py" in answer.output
    assert "--folder" in answer.output


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def compare(:", "is no Python script"),
        (TOY.replace("Answer (2026-01-31):", "Found:"), "Answer (2026-01-31)"),
        ("x = 1\n", "does not begin with a question"),
        (TOY.replace("def compare", "def other"), "has no function compare"),
    ],
    ids=["no Python", "no answer", "no docstring", "nothing to run"],
)
def test_a_script_that_is_no_experiment_is_told(toys, script, words):
    (toys / "042_toys.py").write_text(script)
    answer = ask("42", "--folder", toys, "--data", toys, "--tracking", "none")
    assert answer.exit_code == 1
    assert words in answer.output
