"""`use "blocks.cnn"`: the blocks of other files.

A file is read once, however often it is used. Its blocks keep their home: they see the blocks and the
top-level names of their own file, not those of the file that uses them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related, SpecError
from cnndsl.elaboration.declarations import BlockEntry, Home, collect, reserved
from cnndsl.expressions import UNDECIDED, Environment, Undecided, evaluate
from cnndsl.terminal import printable
from cnndsl.text import Source, Span
from cnndsl.words import did_you_mean

__all__ = ["Library"]

Report = Callable[[Diagnostic], None]

MOST_FILES = 100
LARGEST_FILE = 1_000_000


class Library:
    """The files that a spec uses, directly or through others.

    `files` are the texts that were read, by their paths as seen from the spec's folder.
    """

    def __init__(self, source: Source, names: Environment, report: Report) -> None:
        self.root = os.path.realpath(os.path.dirname(source.path) if source.path else os.getcwd())
        self.files: dict[str, str] = {}
        self._homes: dict[str, tuple[Home, dict[str, s.Block]] | None] = {}
        self._budget = names.budget
        self._report = report

    def bring(self, uses: Iterable[s.FileUse], home: Home, folder: str | None = None) -> None:
        """Put the blocks that `uses` ask for into `home`, the home of a file in `folder`."""
        for use in uses:
            found = self._file(use, self.root if folder is None else folder)
            if found is None:
                home.missing.update(name.word for name in use.names)
                home.is_open = home.is_open or not use.names
                continue
            theirs, blocks = found
            for name, span in self._wanted(use, blocks, home):
                if name in home.blocks:
                    self._report(
                        Diagnostic(
                            "duplicate-name",
                            f"there is a block `{name}` already",
                            span,
                            related=(Related("it stands here", home.blocks[name].block.name.span),),
                            help=('bring only the blocks that are wanted: `use "blocks.cnn": basic`',),
                        )
                    )
                    continue
                home.blocks[name] = BlockEntry(blocks[name], theirs)

    def _wanted(self, use: s.FileUse, blocks: dict[str, s.Block], home: Home) -> list[tuple[str, Span]]:
        if not use.names:
            return [(name, use.path.span) for name in blocks]
        wanted = []
        for name in use.names:
            if name.word in blocks:
                wanted.append((name.word, name.span))
                continue
            home.missing.add(name.word)
            listed = ", ".join(f"`{block}`" for block in blocks)
            message = f"{use.path.value} has no block `{name.word}`"
            help = did_you_mean(name.word, blocks) or (f"its blocks are {listed}",)
            self._report(Diagnostic("unknown-name", message, name.span, help=help))
        return wanted

    def _file(self, use: s.FileUse, folder: str) -> tuple[Home, dict[str, s.Block]] | None:
        written = use.path.value
        if "\0" in written:
            message = f"there is no file {printable(written)}"
            self._report(Diagnostic("unknown-block-file", message, use.path.span))
            return None
        path = os.path.realpath(os.path.join(folder, written))
        if path not in self._homes:
            self._homes[path] = None
            text = self._text(use, path)
            if text is not None:
                self._read(use, path, text)
        return self._homes[path]

    def _read(self, use: s.FileUse, path: str, text: str) -> None:
        from cnndsl.parser import parse

        shown = os.path.relpath(path, self.root).replace(os.sep, "/")
        self.files[shown] = text
        written = os.path.join(os.path.dirname(use.span.source.name), use.path.value)
        source = Source(text, os.path.normpath(written), path)

        def report(diagnostic: Diagnostic) -> None:
            note = Related(f"{use.path.value} is used here", use.path.span)
            self._report(replace(diagnostic, related=(*diagnostic.related, note)))

        try:
            tree = parse(source)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                report(diagnostic)
            return
        declared = collect(tree, report)
        if not declared.blocks:
            message = f"{use.path.value} has no blocks"
            help = ("`use` brings blocks: `block basic(c) { ... }`",)
            self._report(Diagnostic("unknown-block-file", message, use.path.span, help=help))
            return
        names = Environment()
        names.budget = self._budget
        home = Home(names)
        # Known before it is complete, for files may use one another.
        self._homes[path] = home, declared.blocks
        for name, block in declared.blocks.items():
            home.blocks[name] = BlockEntry(block, home)
        _bind(tree, names, report)
        self.bring(declared.uses, home, os.path.dirname(path))

    def _text(self, use: s.FileUse, path: str) -> str | None:
        """The text of a file; None where it cannot be had, which is reported."""
        content = b""
        problem = self._problem(use.path.value, path)
        if problem is None:
            try:
                with open(path, "rb") as file:
                    content = file.read(LARGEST_FILE + 1)
            except OSError as error:
                problem = "unknown-block-file", f"cannot read {use.path.value}: {error.strerror or error}", ""
        if len(content) > LARGEST_FILE:
            problem = "too-large", f"{use.path.value} is larger than {LARGEST_FILE:,} bytes", ""
        if problem is None:
            return content.decode("utf-8-sig", errors="replace")
        rule, message, help = problem
        self._report(Diagnostic(rule, message, use.path.span, help=(help,) if help else ()))
        return None

    def _problem(self, written: str, path: str) -> tuple[str, str, str] | None:
        """The rule, message and mend where a file is not even opened; None where it may be."""
        if os.path.commonpath([self.root, path]) != self.root:
            message = f"{written} lies outside of the spec's own folder"
            return "unknown-block-file", message, "move it beside the spec, or below"
        if not path.endswith(".cnn"):
            return "unknown-block-file", f"`use` brings .cnn files, not {written}", f'`use "{written}.cnn"`'
        if not os.path.isfile(path):
            folder = os.path.dirname(path)
            from difflib import get_close_matches

            try:
                near = get_close_matches(os.path.basename(path), sorted(os.listdir(folder)), 1)
            except OSError:
                near = []
            beside = os.path.join(os.path.dirname(written), near[0]) if near else ""
            help = f"did you mean `{beside}`?" if near else "it is looked up beside the spec that uses it"
            return "unknown-block-file", f"there is no file {written}", help
        if len(self.files) >= MOST_FILES:
            return "too-large", f"more than {MOST_FILES} files are used", ""
        return None


def _bind(tree: s.Body, names: Environment, report: Report) -> None:
    """Bind the top-level names of a used file: its params have their defaults.

    A name that hangs on a value of the network, `let c = C`, is not bound: no network arrives here.
    """
    for statement in tree.statements:
        if not isinstance(statement, (s.Let, s.Param)) or reserved(statement.name, report):
            continue
        try:
            names.bind(statement.name.word, evaluate(statement.value, names, None))
        except Undecided:
            continue
        except SpecError as error:
            names.bind(statement.name.word, UNDECIDED)
            for diagnostic in error.diagnostics:
                report(diagnostic)
