"""Versions of a registered model, and the runs that judged them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tracking.judged import JudgedModel, identity, judged_models

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION: Final = "champion"
JUDGED_RUN: Final = "judged_run"


@dataclass(frozen=True, eq=False)
class Version:
    """A version of a registered model.

    Attributes:
        client: of the registry.
        found: as MLflow gives it.
    """

    client: MlflowClient
    found: Any

    @property
    def number(self) -> str:
        """Its number."""
        return str(self.found.version)

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Its own labels over those of the run that made it."""
        made = self.run.data.tags if self.run is not None else {}
        return {**made, **self.found.tags}

    @cached_property
    def run(self) -> Any:
        """The run that made it; None where it was not made by one, or that is gone."""
        from mlflow.exceptions import MlflowException

        if not self.found.run_id:
            return None
        try:
            return self.client.get_run(self.found.run_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    @property
    def model(self) -> str | None:
        """Name of the model, as comparisons call it; None where nothing tells."""
        told = self.run.data.params if self.run is not None else {}
        return self.tags.get(c.MODEL) or told.get(c.MODEL)

    @cached_property
    def params(self) -> dict[str, str]:
        """Parameters of the model; empty where nothing tells."""
        model_id = getattr(self.found, "model_id", None)
        logged = self.client.get_logged_model(model_id).params if model_id else None
        return dict(logged or {})

    @property
    def known_until(self) -> str:
        """The last day of the data that it was fitted on; empty where nothing tells."""
        return str(self.tags.get("data.last_date", ""))

    @property
    def words(self) -> str:
        """The version and its model."""
        return f"version {self.number}" + (f" ({self.model})" if self.model else "")

    def is_same_model(self, other: Version) -> bool:
        """Whether both were made by the same model with the same parameters."""
        known = self.model is not None and bool(self.params)
        return known and (self.model, identity(self.params)) == (
            other.model,
            identity(other.params),
        )

    def judged(self, experiment: str | None) -> list[JudgedModel]:
        """The runs that judged it, the newest first.

        Raises:
            DataError: there are none; how to judge it is said.
        """
        where = experiment or self._experiment()
        usable = [one for one in judged_models(self.client, where) if not one.trouble]
        found = [one for one in usable if self._is_judged_by(one)]
        if not found:
            raise DataError(
                f"{self.words} was not judged: {self._why_not(usable, where)}",
                next_step=f"Judge it with `newretail backtest`, or tag the version with "
                f"{JUDGED_RUN} (a run's id) or {c.MODEL} (a name).",
            )
        return found

    def _why_not(self, judged: Sequence[JudgedModel], experiment: str) -> str:
        named = [one for one in judged if one.model == self.model]
        if not named:
            known = ", ".join(sorted({one.model for one in judged}))
            return f"no run of experiment {experiment!r} did (there are {known or 'none'})"
        mine, theirs = identity(self.params), identity(named[0].params)
        other = ", ".join(sorted({name for name, _ in mine ^ theirs}))
        return (
            f"experiment {experiment!r} judged a model of that name with other parameters ({other})"
        )

    def _is_judged_by(self, judged: JudgedModel) -> bool:
        if JUDGED_RUN in self.found.tags:
            return bool(self.found.tags[JUDGED_RUN] == judged.run_id)
        if judged.run_id == self.found.run_id:
            return True
        same = not (self.params and judged.params) or identity(self.params) == identity(
            judged.params
        )
        return same and self.model == judged.model

    def _experiment(self) -> str:
        if self.run is None:
            raise DataError(
                f"{self.words} was made by no run of this store, so that it is not known where "
                "it was judged",
                next_step="Name the experiment with --experiment.",
            )
        return str(self.client.get_experiment(self.run.info.experiment_id).name)


def version_of(client: MlflowClient, name: str, asked: str | int) -> Version:
    """A version by number or by @alias.

    Raises:
        DataError: there is no such model, version or alias; those that there are are listed.
    """
    from mlflow.exceptions import MlflowException

    wanted = str(asked)
    known = versions_of(client, name)
    if wanted.startswith("@"):
        try:
            return Version(client, client.get_model_version_by_alias(name, wanted[1:]))
        except MlflowException:
            aliases = sorted(client.get_registered_model(name).aliases)
            raise DataError(
                f"model {name!r} has no alias {wanted}",
                next_step=f"Choose a version ({', '.join(known)}) or an alias "
                f"({', '.join(f'@{alias}' for alias in aliases) or 'there are none'}).",
            ) from None
    if wanted not in known:
        raise DataError(
            f"model {name!r} has no version {wanted}", next_step=f"Choose from {', '.join(known)}."
        )
    return Version(client, client.get_model_version(name, wanted))


def versions_of(client: MlflowClient, name: str) -> Sequence[str]:
    """Numbers of the versions of a registered model, oldest first.

    Raises:
        DataError: there is no such model, or it has no version.
    """
    quoted = name.replace("'", "\\'")
    found = sorted(int(one.version) for one in client.search_model_versions(f"name = '{quoted}'"))
    if not found:
        names = ", ".join(sorted(one.name for one in client.search_registered_models()))
        raise DataError(
            f"there is no registered model {name!r} with a version",
            next_step=f"Choose from {names}." if names else "Register one first.",
        )
    return [str(number) for number in found]


def champion_of(client: MlflowClient, name: str, alias: str = CHAMPION) -> Version | None:
    """The version that an alias points to; None where it points to none."""
    number = client.get_registered_model(name).aliases.get(alias)
    return None if number is None else Version(client, client.get_model_version(name, str(number)))
