"""A champion and its challengers: an alias of the registry that moves only with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from newretail_ml.errors import DataError
from newretail_ml.tracking.asking import asked
from newretail_ml.tracking.contest import Contest, check_judged_by, contest
from newretail_ml.tracking.judged import JudgedModel
from newretail_ml.tracking.scores import Better, check_better
from newretail_ml.tracking.store import Store
from newretail_ml.tracking.versions import CHAMPION, Version, champion_of, version_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LONGEST_WHY = 2000


@dataclass(frozen=True)
class Promotion:
    """Whether a challenger takes the champion's place, and why.

    Attributes:
        name: of the registered model.
        alias: that names the champion.
        challenger: version that was asked about.
        champion: version before; None if there was none.
        promoted: whether the challenger is to be the champion.
        moved: whether the alias was moved; a dry run moves nothing.
        why: in words.
        contest: the figures, if there was a contest.
    """

    name: str
    alias: str
    challenger: str
    champion: str | None
    promoted: bool
    moved: bool
    why: str
    contest: Contest | None = None

    @property
    def words(self) -> str:
        """The decision and its reason."""
        if self.moved:
            verdict = f"{self.name}@{self.alias} is now version {self.challenger}"
        elif self.promoted:
            verdict = f"{self.name}@{self.alias} would become version {self.challenger} (dry run)"
        else:
            verdict = f"{self.name}@{self.alias} stays version {self.champion}"
        return f"{verdict}: {self.why}."


def promote(
    name: str,
    challenger: str | int,
    *,
    metric: str | None = None,
    better: Better | None = None,
    experiment: str | None = None,
    alias: str = CHAMPION,
    dry_run: bool = False,
    store: Store = None,
) -> Promotion:
    """Move the champion's alias to a challenger, if it is better on the same folds beyond chance.

    Both must have been judged on the same data and folds. Two paired tests are made, as far as
    the runs allow: over folds, which takes four cuts in time (or three independent draws), and
    over the series or customers whose values were logged. The challenger must win each test that
    can be made, at 5%, and one of them at least. Without a champion the first one becomes it;
    the champion's own model with the same parameters, fitted on later data, takes its place
    without a contest.

    Reasons go to the challenger as tags ``promotion.*``. The alias moves last.

    Args:
        name: of the registered model.
        challenger: a version's number, or an @alias.
        metric: to judge by; by default the one that decides in the comparison.
        better: "lower", "higher", or the number to be near to, if the runs do not tell.
        experiment: where both were judged; by default where the version was made.
        alias: that names the champion.
        dry_run: decide, and change nothing.
        store: a folder or a tracking URI, as in `newretail_ml.tracking.run`.

    Raises:
        DataError: there is no such model or version, it was not judged, or the two were not
            judged on the same data and folds; how to make them comparable is said.
        TrackingError: the store cannot be read or written.
    """
    with asked(store) as client:
        candidate = version_of(client, name, challenger)
        before = champion_of(client, name, alias)
        decided = _decided(candidate, before, alias, (metric, better, experiment))
        if dry_run:
            return decided
        _tell(client, decided)
        if not decided.promoted:
            return decided
        _check_unmoved(client, decided)
        client.set_registered_model_alias(name, alias, decided.challenger)
        return replace(decided, moved=True)


def _decided(
    challenger: Version,
    champion: Version | None,
    alias: str,
    asked_for: tuple[str | None, Better | None, str | None],
) -> Promotion:
    found: Contest | None = None
    if champion is None:
        promoted, why = True, "there was no champion yet, so the first takes its place unopposed"
    elif champion.number == challenger.number:
        promoted, why = False, "it is the champion already"
    elif challenger.is_same_model(champion):
        promoted, why = _refitted(challenger, champion)
    else:
        found = _contest(challenger, champion, *asked_for)
        promoted, why = found.won, found.words
    return Promotion(
        name=str(challenger.found.name),
        alias=alias,
        challenger=challenger.number,
        champion=champion.number if champion else None,
        promoted=promoted,
        moved=False,
        why=why,
        contest=found,
    )


def _refitted(challenger: Version, champion: Version) -> tuple[bool, str]:
    later, earlier = challenger.known_until, champion.known_until
    if not later or not earlier or later <= earlier:
        return False, (
            f"{challenger.words} is the champion's own model with the same parameters, and not "
            f"fitted on later data (until {later or 'unknown'}, the champion until "
            f"{earlier or 'unknown'})"
        )
    return True, (
        f"it is the champion's own model with the same parameters, fitted on data until {later} "
        f"instead of {earlier}"
    )


def _contest(
    challenger: Version,
    champion: Version,
    metric: str | None,
    better: Better | None,
    experiment: str | None,
) -> Contest:
    mine, theirs = _on_the_same(challenger, champion, experiment)
    decides = metric or mine.decides
    if decides is None:
        raise DataError(
            "the runs do not say which metric decides",
            next_step=f"Name one with --metric: {', '.join(mine.metrics)}.",
        )
    check_judged_by(mine, decides)
    check_judged_by(theirs, decides)
    good = mine.better.get(decides) if better is None else better
    if good is None:
        raise DataError(
            f"the runs do not say which values of {decides} are good ones",
            next_step="Say it with --better (better= in Python): lower, higher, or the number to "
            "be near to.",
        )
    check_better(decides, good)
    return contest(challenger.client, mine, theirs, decides, good)


def _on_the_same(
    challenger: Version, champion: Version, experiment: str | None
) -> tuple[JudgedModel, JudgedModel]:
    """The newest runs that judged both on the same data and folds."""
    mine, theirs = challenger.judged(experiment), champion.judged(experiment)
    for one in mine:
        for other in theirs:
            if one.ground == other.ground:
                return one, other
    reason = mine[0].ground.difference(theirs[0].ground)
    names = " ".join(f"--model {one.model}" for one in (challenger, champion) if one.model)
    raise DataError(
        f"{challenger.words} and the champion, {champion.words}, cannot be compared ({reason})",
        next_step=f"Judge both at once: `newretail backtest SOURCE {names}`, then promote again.",
    )


def _tell(client: MlflowClient, decided: Promotion) -> None:
    tags = {
        "promotion.verdict": "promoted" if decided.promoted else "kept back",
        "promotion.why": decided.why[:_LONGEST_WHY],
        "promotion.against": decided.champion or "nobody",
        "promotion.at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if decided.contest is not None:
        tags["promotion.metric"] = decided.contest.metric
    for name, value in tags.items():
        client.set_model_version_tag(decided.name, decided.challenger, name, value)


def _check_unmoved(client: MlflowClient, decided: Promotion) -> None:
    """Of two who promote at once, the second must not undo the first."""
    now = champion_of(client, decided.name, decided.alias)
    if (now.number if now else None) != decided.champion:
        raise DataError(
            f"{decided.name}@{decided.alias} was moved by somebody else meanwhile",
            next_step="Ask again, against the new champion.",
        )
