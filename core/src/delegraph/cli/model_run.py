"""How ``run``, ``predict`` and ``evaluate`` run a model on files: options that they share, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ..file import read_labels
from ..values import frozen
from .common import budget_options, delegate_options, delegate_options_without_o, policy_option
from .inputs import normalization, rate_option, scaling_options, thread_option

if TYPE_CHECKING:
    from ..answers import AnswerSettings
    from ..batch import Job, OpenedModel, Reading
    from ..model import Model

Command = Callable[..., Any]


@frozen
class ModelRun:
    """What the shared options say."""

    delegates: list[str]
    options: dict[str, dict[str, str]]
    policy: str
    budget: dict[str, int]
    signature: str | None
    num_threads: int | None
    reading: Reading
    asked: AnswerSettings
    labels: str | None  # the file

    @property
    def files(self) -> list[str]:
        """The files that are read besides the model and its data."""
        return [self.labels] if self.labels else []

    def opened(self, model: Model) -> OpenedModel:
        from ..batch import OpenedModel

        settings: dict[str, Any] = {**self._settings, **self.budget}
        return OpenedModel(model, self.delegates, self.options, **settings)

    def job(self, model: str, **settings: Any) -> Job:
        """Return what is done with each file of many."""
        from ..batch import Job

        path, names = os.path.abspath(model), tuple(self.delegates)
        return Job(path, names, self.options, budget=self.budget, **self._settings, **settings)

    @property
    def _settings(self) -> dict[str, Any]:
        names = ("signature", "num_threads", "policy", "asked", "reading")
        return {name: getattr(self, name) for name in names}


def model_run_options(*, has_short_option: bool) -> Callable[[Command], Command]:
    """Add the options of a model's run on files: the parameter ``how``, a :class:`ModelRun`.

    :param has_short_option: -o is an option of a delegate; else it is the command's own
    """
    delegates = delegate_options if has_short_option else delegate_options_without_o
    added = (
        scaling_options,
        rate_option,
        delegates,
        policy_option,
        budget_options,
        _answer_options,
        thread_option,
    )

    def add(command: Command) -> Command:
        @wraps(command)
        def called(**given: Any) -> Any:
            how = _model_run({name: given.pop(name) for name in _NAMES})
            return command(how=how, **given)

        found: Command = called
        for add_options in reversed(added):
            found = add_options(found)
        return found

    return add


def _model_run(given: Mapping[str, Any]) -> ModelRun:
    from ..answers import AnswerSettings
    from ..batch import Reading

    own = ("delegates", "options", "policy", "budget", "signature", "num_threads", "labels")
    reading = Reading(normalization(given["mean"], given["std"]), given["sample_rate"], given["fit"])
    labels = read_labels(given["labels"]) if given["labels"] else None
    asked = AnswerSettings(given["task"], labels, given["top"], given["threshold"])
    return ModelRun(**{name: given[name] for name in own}, reading=reading, asked=asked)


def _answer_options(command: Command) -> Command:
    """Add --task, --labels, --top and --threshold."""
    options = (
        click.option(
            "--task",
            type=click.Choice(["classify", "detect", "segment", "pose", "keypoints", "audio"]),
            help="What the model gives. Without it: what metadata, ops and shapes say.",
        ),
        click.option(
            "--labels", type=click.Path(exists=True, dir_okay=False), help="Names of classes, one a line."
        ),
        click.option(
            "--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes to show."
        ),
        click.option(
            "--threshold",
            type=click.FloatRange(0, 1),
            default=0.5,
            show_default=True,
            help="The score from which a box, a person or a pixel counts.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


_NAMES = (
    *("mean", "std", "fit", "sample_rate", "signature", "delegates", "options", "policy", "budget"),
    *("num_threads", "task", "labels", "top", "threshold"),
)
