"""What a tracker is told."""

from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml.forecasting import SeasonalNaive
from newretail_ml.panel import Panel
from newretail_ml.tracking import facts


def test_parameters_are_flat_short_and_allowed() -> None:
    flat = facts.flattened(
        {"a": {"b": {"c@=[d]": 1}}, "recipe": "x" * 400, "model": SeasonalNaive()}
    )
    assert flat["a.b.c___d_"] == "1"
    assert len(flat["recipe"]) == 250
    assert flat["model"] == "SeasonalNaive()"


def test_parameters_tell_no_password() -> None:
    assert facts.flattened({"source": "postgresql://ann:p@ss@host/shop"}) == {
        "source": "postgresql://host/shop"
    }


def test_equal_panels_share_a_digest(panel: Panel) -> None:
    again = Panel.from_frame(panel.to_frame().sample(frac=1, random_state=1))
    digest = facts.panel_digest(panel)
    assert facts.panel_digest(replace(again)) == digest
    assert len(digest) == 16


def test_every_part_of_a_panel_is_in_its_digest(panel: Panel) -> None:
    units, censored = panel.units.copy(), panel.censored.copy()
    units[-1, -1] += 1
    censored[0, 0] = True
    different = [
        panel,
        panel.until(panel.cut - 1),
        panel.select([0, 1]),
        panel.reaching(panel.cut + 1),
        replace(panel, units=units),
        replace(panel, censored=censored),
        replace(panel, launch=panel.launch + 1),
        replace(panel, delisting=panel.delisting - 1),
        replace(panel, plans={"price": np.ones(panel.units.shape, np.float32)}),
        replace(panel, statics=pd.DataFrame({"brand": ["a"] * panel.n_series})),
        replace(panel, keys=panel.keys.assign(item_id=panel.keys["item_id"] + "!")),
    ]
    assert len({facts.panel_digest(each) for each in different}) == len(different)


def test_data_facts_say_when_and_how_much(panel: Panel) -> None:
    told = facts.data_facts(panel.until("2026-02-28"), "abc")
    assert told["data.fingerprint"] == "abc"
    assert (told["data.first_date"], told["data.last_date"]) == ("2026-01-01", "2026-02-28")
    assert (told["data.series"], told["data.periods"]) == ("6", "59")
