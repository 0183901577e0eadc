"""What a `cnndsl train` is doing: a run, or several that are compared, and what came of them so far."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError
from cnndsl.cli.jobs import new_jobs, resumed_comparison, resumed_job
from cnndsl.cli.processes import LOST, is_main_process
from cnndsl.cli.rate_finding import find_and_tell

if TYPE_CHECKING:
    from cnndsl.training.compare import Job
    from cnndsl.training.comparing import Comparison, ComparisonFolder, Outcome, Plan
    from cnndsl.training.progress import Watcher
    from cnndsl.training.records import RunFolder

__all__ = ["UnderWay"]


class UnderWay:
    """A command under way. `given` are the settings of the command line, None where it gives none."""

    def __init__(self, options: Namespace, given: Mapping[str, Any]) -> None:
        from cnndsl.training.progress import Silent, watcher

        self.options = options
        self.given = given
        self.watch = watcher() if is_main_process() else Silent()
        self.outcomes: list[Outcome] = []
        self.folder: RunFolder | None = None
        self.comparison: Comparison | None = None

    def run(self) -> int:
        """Train; the status that the command ends with. Errors: as of a run."""
        from cnndsl.training.board import require_tensorboard
        from cnndsl.training.comparing import ComparisonFolder

        options, note = self.options, self.watch.note
        if options.tensorboard:
            require_tensorboard()
        if options.seeds is not None and options.seeds < 1:
            raise UsageError(f"--seeds: {options.seeds} are too few, expected at least 1")
        if options.resume is not None:
            before = ComparisonFolder(options.resume)
            if not before.exists:
                return self._one(resumed_job(options, self.given, note), resumed=True)
            jobs, plan = resumed_comparison(before, options, self.given, note)
            if is_main_process():
                before.write_plan(plan)
            return self._several(jobs, before, plan, resumed=True)
        new = new_jobs(options, self.given, note)
        if new is None:
            return 1 if is_main_process() else LOST
        if options.find_lr:
            for job in new:
                find_and_tell(options, job, several=len(new) > 1)
            return 0
        if len(new) == 1 and options.seeds is None and not options.grid:
            return self._one(new[0], resumed=False)
        first = new[0].settings.seed
        # the first process makes the folder and tells the others
        folder = ComparisonFolder(options.out or Path("runs"))
        if is_main_process():
            folder = ComparisonFolder.create(options.out)
        seeds = tuple(range(first, first + (options.seeds or 1)))
        return self._several(new, folder, _plan(new, seeds), resumed=False)

    def tell(self) -> None:
        """Print what came of it, if anything did."""
        from cnndsl.training.comparing import comparison

        if self.comparison is not None:
            self.outcomes = self.comparison.outcomes
        if any(not outcome.error for outcome in self.outcomes):
            print(comparison(self.outcomes))

    def interrupted(self) -> str:
        """How it goes on after Ctrl-C."""
        place = self.folder if self.comparison is None else self.comparison.folder
        return "interrupted" if place is None else f"interrupted; {place.goes_on()}"

    def _one(self, job: Job, resumed: bool) -> int:
        from cnndsl.training.comparing import Outcome
        from cnndsl.training.records import RunFolder
        from cnndsl.training.run import run

        out = self.options.resume if resumed else self.options.out
        if resumed or not is_main_process():
            # the first process makes it and tells the others
            self.folder = RunFolder(out or Path("runs"))
        else:
            self.folder = RunFolder.create(out, job.network.name)
        watch = self._watching(self.folder.path)
        result = run(job.network, job.data, job.settings, self.folder, watch, resumed)
        self.outcomes.append(Outcome.of(job.network.name, job.settings.seed, result))
        return 0

    def _several(self, jobs: list[Job], folder: ComparisonFolder, plan: Plan, resumed: bool) -> int:
        from cnndsl.training.comparing import Comparison

        self.comparison = Comparison(folder, plan, jobs, self.watch, self._watching)
        if is_main_process() and not resumed:
            folder.begin(plan, [job.network for job in jobs])
            self.watch.note(f"{len(plan.runs())} runs, compared in {folder.path}")
        self.comparison.run(resumed)
        return 1 if any(outcome.error for outcome in self.comparison.outcomes) else 0

    def _watching(self, folder: Path) -> Watcher:
        """What is told of a run: the terminal, and with --tensorboard its files."""
        if not self.options.tensorboard or not is_main_process():
            return self.watch
        from cnndsl.training.board import Board

        return Board(self.watch, folder)


def _plan(jobs: list[Job], seeds: tuple[int, ...]) -> Plan:
    """What a new comparison trains."""
    from cnndsl.training.comparing import Member, Plan
    from cnndsl.training.run import with_absolute_paths

    members = [
        Member(
            name=job.network.name,
            params=dict(job.network.params),
            input=job.network.input_shape,
            settings=with_absolute_paths(job.settings),
        )
        for job in jobs
    ]
    return Plan(seeds=seeds, networks=tuple(members))
