"""`newretail recommend` from end to end: files and databases in, files and databases out."""

import json
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.interactions import Interactions
from newretail_ml.jobs.saved import save_model
from newretail_ml.recommendation import PersonalFrequency, TwoStageRanker
from newretail_ml.tables import RetailTables
from tests.jobs.conftest import asked, into_database, into_duckdb, table_of

ASKED = ("--model", "personal-frequency", "--k", "4")
TEXT = {"item_id": "str", "customer_id": "str"}
KEYS = ["customer_id", "rank"]


def sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="run_id").sort_values(KEYS, ignore_index=True)


@pytest.fixture(scope="module")
def out(members, tmp_path_factory) -> Path:
    """Where the slates of the chain lie as a file, with their manifest."""
    file = tmp_path_factory.mktemp("out") / "slates.csv"
    told = asked("recommend", members, "--out", file, *ASKED)
    assert told.code == 0, told.err
    assert "50 lines were left out: they name no customer_id" in told.err
    return file


@pytest.fixture(scope="module")
def by_file(out) -> pd.DataFrame:
    return pd.read_csv(out, dtype=TEXT)


def test_slates_as_a_file_with_their_manifest(out, by_file):
    assert list(by_file) == [
        "customer_id", "item_id", "rank", "score", "slot", "reason", "run_id",
    ]  # fmt: skip
    assert by_file["customer_id"].nunique() == 81
    manifest = json.loads(out.with_name("slates.csv.manifest.json").read_text())
    assert manifest["rows_out"] == len(by_file) == 324
    assert manifest["facts"]["model"]["histories"] == "of all customers"


def test_from_postgresql_to_duckdb_in_partitions(by_file, member_frames, postgres, ask):
    """The same slates, stock included, whatever holds the chain and however it is split."""
    url = into_database(member_frames, postgres.url(), "members")
    parts = ("--partitions", "3", "--engine", "local")
    told = ask("recommend", url, "--out", "slates.duckdb", *ASKED, *parts)
    assert told.code == 0, told.err
    assert "s3cret" not in told.err + told.out
    back = table_of("slates.duckdb", "slates")
    pd.testing.assert_frame_equal(sorted_rows(back), sorted_rows(by_file), check_dtype=False)


def test_from_duckdb_to_postgresql(by_file, member_frames, postgres, ask):
    file = into_duckdb(member_frames, Path("chain.duckdb"))
    target = f"{postgres.url()}::of_members"
    told = ask("recommend", file, "--out", target, *ASKED)
    assert told.code == 0, told.err
    back = table_of(postgres.url(), "of_members")
    pd.testing.assert_frame_equal(sorted_rows(back), sorted_rows(by_file), check_dtype=False)


def test_a_mix_of_slots(members, ask):
    told = ask(
        "recommend", members, "--out", "s.parquet", *ASKED[:2], "--repeat", "2", "--discovery", "1"
    )
    assert told.code == 0, told.err
    slots = pd.read_parquet("s.parquet")
    counted = slots[slots["customer_id"] != "c080"].groupby(["customer_id", "slot"]).size()
    assert (counted.xs("repeat", level=1) == 2).all()
    assert (counted.xs("discovery", level=1) == 1).all()


def test_a_saved_model_by_file(members, ask):
    tables = RetailTables.read(members)
    save_model(PersonalFrequency().fit(Interactions.from_tables(tables)), Path("model.pkl"))
    told = ask("recommend", members, "--out", "s.csv", "--model", "model.pkl", "--any-stock")
    assert told.code == 0, told.err
    slots = pd.read_csv("s.csv", dtype=TEXT)
    assert slots["customer_id"].nunique() == 81
    assert "003" in set(slots["item_id"])


def test_the_default_ranker_goes_to_other_processes_and_back(members, tmp_path):
    model = TwoStageRanker(n_windows=1, n_trees=5).fit(
        Interactions.from_tables(RetailTables.read(members))
    )
    save_model(model, tmp_path / "model.pkl")
    back = pd.read_pickle(tmp_path / "model.pkl")
    pd.testing.assert_frame_equal(back.recommend(k=3), model.recommend(k=3))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--model", "best"), 1, "there is no model best"),
        (("--model", "list.pkl"), 1, "is no recommender but a list"),
        (("--k", "0"), 2, "--k"),
        (("--k", "3", "--repeat", "1", "--discovery", "1"), 2, "make 2 slots, not 3"),
        (("--repeat", "0"), 2, "leave no slot"),
        (("--exclude-bought", "--repeat", "2", *ASKED[:2]), 1, "exclude_bought"),
    ],
)
def test_what_cannot_be_asked_is_told_and_nothing_written(options, code, words, members, ask):
    save_model([1], Path("list.pkl"))
    Path("out.csv").write_text("what an earlier run wrote\n")
    told = ask("recommend", members, "--out", "out.csv", *options)
    assert told.code == code
    assert words in told.err
    assert "Traceback" not in told.err
    assert Path("out.csv").read_text() == "what an earlier run wrote\n"


@pytest.mark.parametrize("how", ["no column", "no value", "returns alone"])
def test_a_chain_without_customers_is_told(how, member_frames, tmp_path, ask):
    orders = member_frames["orders"]
    if how == "no column":
        orders = orders.drop(columns="customer_id")
    elif how == "no value":
        orders = orders.assign(customer_id=None)
    else:
        orders = orders.assign(units=-1)
    folder = tmp_path / "chain"
    folder.mkdir()
    orders.to_csv(folder / "orders.csv", index=False)
    told = ask("recommend", folder, "--out", "out.csv", *ASKED)
    assert told.code == 1
    assert "customer" in told.err
    assert not Path("out.csv").exists()
