"""What a comparison trains: its networks, each with each seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cnndsl.training.settings import TrainSettings

__all__ = ["SPECS", "Member", "Plan", "PlannedRun", "distinct_names"]

# The folder of the specs; no network's runs may be called so.
SPECS = "specs"
UNSAFE = re.compile(r"[^\w.,+=-]+", re.ASCII)


class Record(BaseModel):
    """Frozen, and strict about what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(Record):
    """A network of a comparison: `name` names its folder too, `params` and `input` are what its spec, in
    specs/NAME, is read with."""

    name: str
    params: dict[str, Any]
    input: tuple[int, ...]
    settings: TrainSettings


class PlannedRun(Record):
    """One run: `folder` is that within the comparison."""

    member: Member
    seed: int
    folder: str


class Plan(Record):
    """The networks of a comparison and the seeds that each is trained with."""

    version: Literal[1] = 1
    seeds: tuple[int, ...]
    networks: tuple[Member, ...]

    def runs(self) -> list[PlannedRun]:
        """All runs, seed by seed: what is there when it is interrupted can be compared."""
        return [
            PlannedRun(
                member=member,
                seed=seed,
                folder=member.name if len(self.seeds) == 1 else str(Path(member.name, f"seed-{seed}")),
            )
            for seed in self.seeds
            for member in self.networks
        ]


def distinct_names(names: Iterable[str], params: Sequence[dict[str, Any]]) -> list[str]:
    """Names for the networks of a comparison that are folders too; `params` are those in which they differ.

    >>> distinct_names(["net", "net", "net"], [{"c": 8}, {"c": 16}, {"c": 16}])
    ['net-c=8', 'net-c=16', 'net-c=16-2']
    """
    found: list[str] = []
    for name, given in zip(names, params, strict=True):
        words = [name, *(f"{key}={value}" for key, value in given.items())]
        wanted = UNSAFE.sub("_", "-".join(words)).strip(".") or "network"
        numbered = wanted
        count = 1
        while numbered in found or numbered == SPECS:
            count += 1
            numbered = f"{wanted}-{count}"
        found.append(numbered)
    return found
