"""`cnndsl train --find-lr`: a learning rate instead of a run."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnndsl.training.compare import Job

__all__ = ["find_and_tell"]


def find_and_tell(options: Namespace, job: Job, several: bool) -> None:
    """Find a learning rate for a network, and write how."""
    from cnndsl.training.finder import find_rate
    from cnndsl.training.records import RunFolder

    curve = find_rate(job.network, job.data, job.settings)
    name = f"{job.network.name}-lr"
    out = options.out / name if several and options.out is not None else options.out
    folder = RunFolder.create(out, name)
    folder.write_rates(curve, job.network.name)
    before = f"{job.network.name}: " if several else ""
    print(
        f"{before}learning rate {curve.suggestion:g}, at which the loss falls fastest: "
        f"`--lr {curve.suggestion:g}`, or `lr {curve.suggestion:g}` in the train section\n"
        f"  {folder.path / 'lr.png'} shows the loss over the rate, {folder.path / 'lr.csv'} has the numbers"
    )
