"""The README in Traditional Chinese is kept in step with the English one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-TW.md")
)
FENCE = re.compile(r"^```.*?^```", re.S | re.M)


def blocks(text):
    return FENCE.findall(text)


def prose(text):
    return FENCE.sub("", text)


def test_commands_and_examples_are_the_same():
    assert blocks(CHINESE) == blocks(ENGLISH)


def test_headings_have_the_same_levels_in_the_same_order():
    levels = [re.findall(r"^(#+) ", prose(text), re.M) for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


def test_tables_have_the_same_figures():
    rows = [re.findall(r"^\|.*\|$", prose(text), re.M) for text in (ENGLISH, CHINESE)]
    figures = [[re.findall(r"[-+]?[\d.]*\d%?", row) for row in table] for table in rows]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 10


def test_figures_in_the_text_are_the_same():
    """Every share and decimal that one tells, the other tells as often."""
    told = [
        sorted(re.findall(r"(?<![\w-])(?:\d+%|\.\d{2,3})(?!\w)", prose(text)))
        for text in (ENGLISH, CHINESE)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("pattern", [r"\]\(([^)]+)\)", r"`([^`\n]+)`"], ids=["links", "names"])
def test_both_speak_of_the_same(pattern):
    found = [set(re.findall(pattern, prose(text))) for text in (ENGLISH, CHINESE)]
    assert found[0] - {"README.zh-TW.md"} == found[1] - {"README.md"}


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", CHINESE):
        assert (ROOT / target).exists(), target
