"""Writes the sample chain: ``python -m newretail_ml.world data/sample``."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from newretail_ml.world import SAMPLE, ChainConfig, make_world


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Make the sample chain from its seed and write its tables to FOLDER."""
    write_chain(SAMPLE, folder)


def write_chain(config: ChainConfig, folder: Path) -> None:
    """Write the tables of a chain; what else is in the folder, such as a README, stays."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as aside:
        made = Path(aside) / "tables"
        make_world(config).tables.write(made)
        for file in made.iterdir():
            file.replace(folder / file.name)


if __name__ == "__main__":
    main()
