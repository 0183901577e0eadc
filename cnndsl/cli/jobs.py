"""What `cnndsl train` is to train: specs, params, settings and data, all checked before anything begins."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import UsageError, spec_settings
from cnndsl.cli.processes import is_main_process
from cnndsl.cli.variants import show_variants, variants

if TYPE_CHECKING:
    from cnndsl.training.compare import Job
    from cnndsl.training.comparing import ComparisonFolder, Plan

__all__ = ["new_jobs", "resumed_comparison", "resumed_job"]

Note = Callable[[str], None]


def new_jobs(options: Namespace, given: Mapping[str, Any], note: Note) -> list[Job] | None:
    """What specs and options name; None where a spec has mistakes, which were shown.

    Where there are several, their names are distinct.
    """
    from cnndsl.training.compare import prepare, require_weights
    from cnndsl.training.comparing import distinct_names
    from cnndsl.training.network import from_report, trainable_names
    from cnndsl.training.sources import resolve

    found = variants(options)
    if is_main_process():
        show_variants(found)
    if not all(variant.report.ok for variant in found):
        return None
    networks = []
    said: set[str] = set()
    for report, params, _ in found:
        settings, notes = resolve(report.graph.train, given, names=trainable_names(report))
        for text in notes:
            if text not in said:
                note(text)
        said.update(notes)
        require_weights(report, settings)
        networks.append((report, from_report(report, params), settings))
    if len(networks) > 1 or options.seeds:
        stems = [network.name for _, network, _ in networks]
        names = distinct_names(stems, [variant.grid for variant in found])
        networks = [
            (report, replace(network, name=name), settings)
            for (report, network, settings), name in zip(networks, names, strict=True)
        ]
    return prepare(networks, note)


def resumed_job(options: Namespace, given: Mapping[str, Any], note: Note) -> Job:
    """The run in a folder."""
    from cnndsl.api import check
    from cnndsl.training.compare import prepare
    from cnndsl.training.network import from_report, trainable_names
    from cnndsl.training.records import RunFolder
    from cnndsl.training.sources import resolve

    _refuse_others(options)
    folder = RunFolder(options.resume)
    config = folder.read_config()
    folder.read_spec()
    report = check(folder.path / "spec.cnn", config.input, config.params)
    settings, notes = resolve((), given, base=config.settings, names=trainable_names(report))
    for text in notes:
        note(text)
    network = replace(from_report(report, config.params), name=config.name)
    (job,) = prepare([(report, network, settings)], note)
    return job


def resumed_comparison(
    folder: ComparisonFolder, options: Namespace, given: Mapping[str, Any], note: Note
) -> tuple[list[Job], Plan]:
    """The networks of a comparison that goes on, and its plan, with the settings that were changed."""
    from cnndsl.api import check
    from cnndsl.training.compare import prepare
    from cnndsl.training.comparing import Plan
    from cnndsl.training.errors import SettingError
    from cnndsl.training.network import from_report, trainable_names
    from cnndsl.training.run import MAY_CHANGE, with_absolute_paths
    from cnndsl.training.settings import TrainSettings
    from cnndsl.training.sources import resolve

    _refuse_others(options)
    plan = folder.read_plan()
    networks, members = [], []
    for member in plan.networks:
        place = folder.spec(member)
        place.read_spec()
        report = check(place.path / "spec.cnn", member.input, member.params)
        settings, _ = resolve((), given, base=member.settings, names=trainable_names(report))
        for name in TrainSettings.model_fields:
            if name not in MAY_CHANGE and getattr(settings, name) != getattr(member.settings, name):
                raise SettingError(f"{name} cannot change in a comparison that goes on: begin a new one")
        networks.append((report, replace(from_report(report, member.params), name=member.name), settings))
        members.append(member.model_copy(update={"settings": with_absolute_paths(settings)}))
    return prepare(networks, note), Plan(seeds=plan.seeds, networks=tuple(members))


def _refuse_others(options: Namespace) -> None:
    if options.specs or options.texts or options.inputs or options.settings or options.out:
        raise UsageError("--resume takes spec, --input, --set and folder from the run: leave them out")
    if options.seeds or options.grid:
        raise UsageError(
            "--resume takes seeds and grid from the comparison: leave --seeds and --set-grid out"
        )
    spec_settings(options)
