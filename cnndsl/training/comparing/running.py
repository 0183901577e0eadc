"""Training what a comparison plans, run by run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnndsl.training.compare import Job
from cnndsl.training.comparing.folder import ComparisonFolder
from cnndsl.training.comparing.outcome import Outcome
from cnndsl.training.comparing.plan import Plan, PlannedRun
from cnndsl.training.errors import ProcessLost, TrainingError
from cnndsl.training.progress import Watcher
from cnndsl.training.records import RunFolder
from cnndsl.training.results import TrainResult
from cnndsl.training.run import run
from cnndsl.training.world import is_main_process

__all__ = ["Comparison"]


@dataclass(slots=True)
class Comparison:
    """A comparison under way. `jobs` are its networks in the order of the plan, `outcomes` what came so far.

    With several processes each has one; the main one writes. `watching` makes the watcher of a run that is
    written to a folder.
    """

    folder: ComparisonFolder
    plan: Plan
    jobs: Sequence[Job]
    watch: Watcher
    watching: Callable[[Path], Watcher]
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self, resumed: bool) -> None:
        """Train everything that is not trained yet, one run after the other.

        A run that cannot go on, as where its loss is no longer a number, is noted, and the next one begins.

        Errors: as of a single run; TrainingError only with several processes, or where the data are not those
        that the comparison began with.
        """
        planned = self.plan.runs()
        # before any trains: so all processes find the same
        ended = [self._ended(one) if resumed else None for one in planned]
        begun = [resumed and self.folder.begun(one) for one in planned]
        self._require_same_data(planned, ended)
        by_name = {member.name: job for member, job in zip(self.plan.networks, self.jobs, strict=True)}
        try:
            for number, one in enumerate(planned):
                place = f"run {number + 1} of {len(planned)}: {one.member.name}, seed {one.seed}"
                before = ended[number]
                if before is not None:
                    self.watch.note(f"{place}: finished before")
                    self.outcomes.append(before)
                    continue
                self.watch.note(place)
                self._add(one, by_name[one.member.name], begun[number])
        finally:
            if is_main_process():
                self._conclude(resumed)

    def _require_same_data(self, planned: Sequence[PlannedRun], ended: Sequence[Outcome | None]) -> None:
        """Hold the data against those of the runs that ended; the others do that themselves."""
        now = {
            member.name: job.data.fingerprint()
            for member, job in zip(self.plan.networks, self.jobs, strict=True)
            if any(ended)
        }
        for one, outcome in zip(planned, ended, strict=True):
            if outcome is None:
                continue
            data = RunFolder(outcome.folder).read_config().data
            if data.fingerprint != now[one.member.name]:
                raise TrainingError(
                    f"{data.path} has changed since the comparison in {self.folder.path} began"
                )

    def _ended(self, planned: PlannedRun) -> Outcome | None:
        settings = planned.member.settings
        return Outcome.read(planned.member.name, planned.seed, self.folder.path / planned.folder, settings)

    def _add(self, planned: PlannedRun, job: Job, begun: bool) -> None:
        name, seed = planned.member.name, planned.seed
        try:
            result = self._train(planned, job, begun)
            self.outcomes.append(Outcome.of(name, seed, result))
        except ProcessLost:
            raise
        except TrainingError as error:
            if int(os.environ.get("WORLD_SIZE", "1")) > 1:
                raise
            self.watch.note(f"{name}, seed {seed}: {error}")
            why = str(error).splitlines()[0]
            self.outcomes.append(Outcome(name, seed, self.folder.path / planned.folder, error=why))
        if is_main_process():
            self.folder.write(self.outcomes)

    def _train(self, planned: PlannedRun, job: Job, begun: bool) -> TrainResult:
        settings = job.settings.model_copy(update={"seed": planned.seed})
        if begun or not is_main_process():
            folder = RunFolder(self.folder.path / planned.folder)
        else:
            folder = self.folder.make(planned)
        return run(job.network, job.data, settings, folder, self.watching(folder.path), begun)

    def _conclude(self, resumed: bool) -> None:
        try:
            self.folder.draw(self.outcomes)
        except Exception as error:  # noqa: BLE001
            # a picture: all numbers are on disk already
            self.watch.note(f"comparison.png was not written: {error}")
        if not resumed:
            self.folder.discard()
