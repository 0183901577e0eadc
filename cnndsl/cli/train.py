"""`cnndsl train`: train a spec on data, or several side by side."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnndsl.cli.common import (
    UsageError,
    add_spec_options,
    check_spec,
    fail,
    show_findings,
    spec_settings,
    spec_texts,
)
from cnndsl.cli.processes import LOST, is_main_process, launch, launched
from cnndsl.cli.train_options import add_setting_options, given_settings
from cnndsl.cli.weights import refuse

if TYPE_CHECKING:
    from cnndsl.training.compare import Job
    from cnndsl.training.progress import Watcher
    from cnndsl.training.records import RunFolder

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Declare the command's options."""
    parser = subparsers.add_parser(
        "train",
        description="Train a spec on data and write a run folder; several specs: side by side, in one table.",
    )
    add_spec_options(parser, several=True)
    add_setting_options(parser)
    parser.add_argument(
        "--processes", type=int, metavar="N", help="train in N processes of this machine, a GPU each (1)"
    )
    parser.add_argument(
        "--find-lr",
        action="store_true",
        help="do not train, but find a learning rate: the loss while it rises, as a plot and a table",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run's folder (runs/NAME-N)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in this folder")


def run(options: Namespace) -> int:
    """Train; 1 where the spec or the data are at fault or the loss is no longer a number."""
    if options.find_lr and (options.resume is not None or options.processes is not None):
        raise UsageError("--find-lr begins anew and in one process: leave out --resume and --processes")
    if options.processes is not None and not launched():
        if options.processes < 1:
            raise UsageError(f"--processes: {options.processes} are too few, expected at least 1")
        if options.processes > 1:
            return _launch(options)
    if not is_main_process():
        return _beside(options)
    return _train(options)


def _find_rate(options: Namespace, job: Job, several: bool) -> None:
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


def _launch(options: Namespace) -> int:
    """Train in several processes; what is wrong with a spec is said before they start."""
    if "-" in options.specs:
        raise UsageError("--processes: several processes cannot read the spec from standard input")
    if options.resume is None:
        shared = spec_settings(options)
        reports = [check_spec(spec, shared) for spec in spec_texts(options)]
        if not all(report.ok for report in reports):
            for report in reports:
                show_findings(report)
            return 1
    words = list(options.words)
    at = next(index for index, word in enumerate(words) if word.split("=")[0] == "--processes")
    del words[at : at + (1 if "=" in words[at] else 2)]
    return launch(words, options.processes)


def _beside(options: Namespace) -> int:
    """Train as one of several processes that is not the first, which alone speaks of what all find."""
    from cnndsl.diagnostics import SpecError

    try:
        return _train(options)
    except (UsageError, SpecError) as error:
        if launched():
            fail(str(error))
        return LOST


def _train(options: Namespace) -> int:
    from cnndsl.backends.matching import WeightsError
    from cnndsl.training.compare import comparison
    from cnndsl.training.errors import (
        DataError,
        ProcessLost,
        RunFolderError,
        SettingError,
        TrainingError,
        WriteError,
    )
    from cnndsl.training.progress import Silent, watcher
    from cnndsl.training.run import run as run_one
    from cnndsl.training.world import part

    main = is_main_process()
    watch = watcher() if main else Silent()
    results = []
    folder: RunFolder | None = None
    try:
        jobs = _jobs(options, watch)
        if jobs is None:
            return 1 if main else LOST
        if options.find_lr:
            for job in jobs:
                _find_rate(options, job, several=len(jobs) > 1)
            return 0
        for job in jobs:
            folder = _folder(options, job, several=len(jobs) > 1)
            result = run_one(job.network, job.data, job.settings, folder, watch, options.resume is not None)
            results.append((job.network.name, result))
    except (SettingError, RunFolderError) as error:
        raise UsageError(str(error)) from error
    except WriteError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = f" {error.filename}" if error.filename else ""
        raise UsageError(f"cannot write{what}: {(error.strerror or str(error)).lower()}") from error
    except WeightsError as error:
        refuse(error, options)
        return 1
    except ProcessLost as error:
        if main and not launched():
            fail(str(error))
        return LOST
    except (DataError, TrainingError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        if main:
            fail(_interrupted(folder))
        return 130
    finally:
        part()
        if results and main:
            print(comparison(results))
    return 0


def _jobs(options: Namespace, watch: Watcher) -> list[Job] | None:
    """What is to be trained, everything checked; None where a spec has mistakes, which were shown."""
    from cnndsl.training.compare import prepare, require_weights
    from cnndsl.training.network import from_report, trainable_names
    from cnndsl.training.sources import resolve

    given = given_settings(options)
    if options.resume is not None:
        return [_resumed(options, given, watch)]
    shared = spec_settings(options)
    reports = [check_spec(spec, shared) for spec in spec_texts(options)]
    if is_main_process():
        for report in reports:
            show_findings(report)
    if not all(report.ok for report in reports):
        return None
    networks = []
    for report in reports:
        settings, notes = resolve(report.graph.train, given, names=trainable_names(report))
        for note in notes:
            watch.note(note)
        require_weights(report, settings)
        networks.append((report, from_report(report, shared.params), settings))
    return prepare(networks, watch.note)


def _resumed(options: Namespace, given: dict[str, Any], watch: Watcher) -> Job:
    from dataclasses import replace

    from cnndsl.api import check
    from cnndsl.training.compare import prepare
    from cnndsl.training.network import from_report, trainable_names
    from cnndsl.training.records import RunFolder
    from cnndsl.training.sources import resolve

    if options.specs or options.texts or options.inputs or options.settings or options.out:
        raise UsageError("--resume takes spec, --input, --set and folder from the run: leave them out")
    spec_settings(options)
    folder = RunFolder(options.resume)
    config = folder.read_config()
    folder.read_spec()
    report = check(folder.path / "spec.cnn", config.input, config.params)
    settings, notes = resolve((), given, base=config.settings, names=trainable_names(report))
    for note in notes:
        watch.note(note)
    network = replace(from_report(report, config.params), name=config.name)
    (job,) = prepare([(report, network, settings)], watch.note)
    return job


def _folder(options: Namespace, job: Job, several: bool) -> RunFolder:
    from cnndsl.training.records import RunFolder

    if options.resume is not None:
        return RunFolder(options.resume)
    out = options.out / job.network.name if several and options.out is not None else options.out
    if not is_main_process():
        # the first process makes it and tells the others
        return RunFolder(out or Path("runs"))
    return RunFolder.create(out, job.network.name)


def _interrupted(folder: RunFolder | None) -> str:
    return "interrupted" if folder is None else f"interrupted; {folder.goes_on()}"
