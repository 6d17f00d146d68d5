"""``newretail recommend``: tables in, slates out."""

from __future__ import annotations

import click

from newretail_ml.cli.batch import Parts
from newretail_ml.cli.chain import Chain, chain_options
from newretail_ml.cli.options import SOURCE_HELP, target_option
from newretail_ml.jobs.recommend import RECOMMENDERS, RecommendJob, SavedRecommender, Slots
from newretail_ml.jobs.targets import shown_target

_MOST = 1_000


@click.command("recommend", epilog=SOURCE_HELP)
@chain_options
@click.option(
    "--model",
    "address",
    default=RECOMMENDERS[0],
    metavar=f"[{'|'.join(RECOMMENDERS)}|ADDRESS]",
    help="Fitted on the source; or the ADDRESS of a fitted recommender, which gets the orders "
    "since: a file, models:/name@champion or runs:/...",
)
@click.option("--k", type=click.IntRange(1, _MOST), help="Items of each customer.  [default: 10]")
@click.option("--repeat", type=click.IntRange(0, _MOST), help="Slots for what was bought before.")
@click.option("--discovery", type=click.IntRange(0, _MOST), help="Slots for what was not.")
@click.option("--exclude-bought", is_flag=True, help="Leave out what the customer bought before.")
@click.option("--channel", help="Channel of the slates.  [default: each customer's favourite]")
@click.option(
    "--any-stock", is_flag=True, help="Offer what is out of stock as well, where stock is known."
)
@target_option("The slates: .csv, .parquet or .json")
def recommend_command(
    chain: Chain,
    parts: Parts,
    address: str,
    k: int | None,
    repeat: int | None,
    discovery: int | None,
    exclude_bought: bool,
    channel: str | None,
    any_stock: bool,
    out: str,
) -> None:
    """Decide what to show to each customer, and why. Orders have to name customers.

    A chain of many customers is scored in --partitions; the model is fitted once, before.
    """
    slots = _slots(k, repeat, discovery, exclude_bought, channel)
    model: str | SavedRecommender = address
    if address not in RECOMMENDERS:
        path, version = chain.model_file(address, "recommender")
        model = SavedRecommender.of(path, address, version)
        model.load()
    job = RecommendJob(model, slots, in_stock=not any_stock, seed=chain.seed)
    batch = job.narrowed(chain.batch(parts, out))
    asked = {**slots.facts(), "model": address, "in_stock": not any_stock}
    manifest = chain.run(job.first, batch, parts, prepare=job.prepared(batch), asked=asked)
    click.echo(f"{manifest.rows_out:,} slots in {shown_target(out)}.")


def _slots(
    k: int | None,
    repeat: int | None,
    discovery: int | None,
    exclude_bought: bool,
    channel: str | None,
) -> Slots:
    if repeat is None and discovery is None:
        return Slots(k or 10, None, exclude_bought, channel)
    mix = (("repeat", repeat or 0), ("discovery", discovery or 0))
    total = sum(slots for _, slots in mix)
    if k is not None and k != total:
        raise click.UsageError(f"--repeat and --discovery make {total} slots, not {k}.")
    if not total:
        raise click.UsageError("--repeat and --discovery leave no slot.")
    return Slots(total, mix, exclude_bought, channel)
