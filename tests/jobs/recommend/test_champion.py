"""Slates by the alias of a registered model: the tracker says which version it is."""

from pathlib import Path

import pandas as pd

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import PersonalFrequency
from newretail_ml.tables import RetailTables
from tests.jobs.conftest import champion_of


def test_slates_by_the_champion(members, ask, empty_store, tmp_path):
    known = Interactions.from_tables(RetailTables.read(members))
    model = PersonalFrequency().fit(known.until("2026-02-01"))
    uri = champion_of(model, "next_basket", empty_store, tmp_path / "store")
    address = ("--model", "models:/next_basket@champion")
    told = ask("recommend", members, "--out", "s.parquet", *address, tracker=uri)
    assert told.code == 0, told.err
    assert "Tracked:" in told.err
    assert pd.read_parquet("s.parquet")["customer_id"].nunique() == 81
    assert "1 of models:/next_basket/1" in Path("s.parquet.manifest.json").read_text()

    told = ask("prices", members, "--out", "p.csv", *address, tracker=uri)
    assert told.code == 1
    assert "another kind: recommender. Name a fitted price response" in told.err
    none = ("--model", "models:/none@champion")
    told = ask("recommend", members, "--out", "p.csv", *none, tracker=uri)
    assert told.code == 1
    assert "none" in told.err
    assert not Path("p.csv").exists()
