"""Folders are written whole or not at all, whatever goes wrong and whenever."""

from pathlib import Path

import pytest

from newretail_ml.tables.whole_folder import put_in_place, whole_folder


def write(folder: Path, name: str) -> None:
    with whole_folder(folder) as made:
        (made / name).touch()


def held(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_new_content_takes_the_place_of_all_that_was_there(tmp_path):
    write(tmp_path / "deep" / "out", "first")
    write(tmp_path / "deep" / "out", "second")
    assert held(tmp_path) == ["deep", "deep/out", "deep/out/second"]


def test_a_failure_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    write(tmp_path / "out", "first")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "out") as made:
        (made / "second").touch()
        raise ZeroDivisionError
    assert held(tmp_path) == ["out", "out/first"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_folder_comes_back_when_the_rename_is_stopped(error, tmp_path, monkeypatch):
    write(tmp_path / "out", "first")
    write(tmp_path / "made", "second")
    rename = Path.rename

    def stopped(self: Path, target: Path) -> Path:
        if self.name == "made":
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(error):
        put_in_place(tmp_path / "made", tmp_path / "out", earlier=tmp_path / "earlier")
    assert held(tmp_path) == ["made", "made/second", "out", "out/first"]
