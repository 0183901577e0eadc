"""The folder of a comparison: its plan, its specs, its runs, and what came of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cnndsl.files import atomic_path, write_whole
from cnndsl.training.checkpoint import LAST
from cnndsl.training.comparing.outcome import Outcome, grouped
from cnndsl.training.comparing.plan import SPECS, Member, Plan, PlannedRun
from cnndsl.training.comparing.plot import draw_comparison
from cnndsl.training.comparing.tables import comparison_markdown
from cnndsl.training.errors import RunFolderError
from cnndsl.training.network import Network
from cnndsl.training.records import RunFolder

__all__ = ["ComparisonFolder"]

PLAN = "plan.json"
COLUMNS = (
    "network", "seed", "parameters", "loss", "accuracy", "best_epoch", "epochs", "seconds", "folder", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ComparisonFolder:
    """A folder that holds a comparison."""

    path: Path

    @classmethod
    def create(cls, path: Path | None) -> ComparisonFolder:
        """Make the folder of a new comparison: `path`, or runs/comparison-1, runs/comparison-2 …

        Errors: RunFolderError where `path` holds anything already; OSError where no folder can be made.
        """
        if path is not None and (path / PLAN).exists():
            raise RunFolderError(f"{path} holds a comparison already: resume it, or name another folder")
        return cls(RunFolder.create(path, "comparison").path)

    @property
    def exists(self) -> bool:
        """Whether a comparison was begun here."""
        return (self.path / PLAN).exists()

    def begun(self, planned: PlannedRun) -> bool:
        """Whether a run has a checkpoint."""
        return (self.path / planned.folder / LAST).exists()

    def begin(self, plan: Plan, networks: Sequence[Network]) -> None:
        """Write the plan and the specs of its networks, in their order: what it takes to go on."""
        for member, network in zip(plan.networks, networks, strict=True):
            if network.text is not None:
                place = self.spec(member)
                place.path.mkdir(parents=True)
                place.write_spec(network.text, network.files)
        # the last: where it is, the comparison can be taken up
        self.write_plan(plan)

    def write_plan(self, plan: Plan) -> None:
        """Write the plan."""
        write_whole(self.path / PLAN, plan.model_dump_json(indent=2) + "\n")

    def read_plan(self) -> Plan:
        """The plan; RunFolderError where it is damaged."""
        try:
            return Plan.model_validate_json((self.path / PLAN).read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise RunFolderError(f"{self.path / PLAN} is damaged: {place}: {first['msg'].lower()}") from error

    def spec(self, member: Member) -> RunFolder:
        """Where the spec of a network lies."""
        return RunFolder(self.path / SPECS / member.name)

    def make(self, planned: PlannedRun) -> RunFolder:
        """The new folder of a run that has no checkpoint."""
        folder = RunFolder(self.path / planned.folder)
        # what a run that was killed before its first checkpoint left
        if folder.path.exists():
            folder.discard()
        return RunFolder.create(folder.path, planned.member.name)

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write comparison.json, comparison.csv and comparison.md. Errors: OSError."""
        runs = [outcome.to_json(self.path) for outcome in outcomes]
        good = [outcome for outcome in outcomes if not outcome.error]
        record = {
            "version": 1,
            "on": good[0].on if good else None,
            "samples": good[0].samples if good else None,
            "networks": [group.to_json() for group in grouped(outcomes)],
            "runs": runs,
        }
        write_whole(self.path / "comparison.json", json.dumps(record, indent=2, allow_nan=False) + "\n")
        text = io.StringIO()
        rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        rows.writeheader()
        rows.writerows(runs)
        write_whole(self.path / "comparison.csv", text.getvalue())
        write_whole(self.path / "comparison.md", comparison_markdown(outcomes) + "\n")

    def draw(self, outcomes: Sequence[Outcome]) -> None:
        """Write comparison.png, where a run ended well. Errors: OSError."""
        good = [outcome for outcome in outcomes if not outcome.error]
        if good:
            with atomic_path(self.path / "comparison.png") as temporary:
                draw_comparison(grouped(good), temporary)

    def discard(self) -> None:
        """Take back a comparison none of whose runs finished an epoch."""
        if any(self.path.rglob(LAST)):
            return
        for name in (PLAN, "comparison.json", "comparison.csv", "comparison.md"):
            (self.path / name).unlink(missing_ok=True)
        for path in sorted((self.path / SPECS).rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for path in (self.path / SPECS, *self.path.glob("*/"), self.path):
            with suppress(OSError):
                path.rmdir()

    def goes_on(self) -> str:
        """How the comparison can be taken up, for the end of a message."""
        if not self.exists:
            return "no checkpoint was written: nothing is kept"
        return f"`cnndsl train --resume {self.path}` goes on with what is left of the comparison"
