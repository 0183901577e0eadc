"""`python -m tests.fuzz --minutes N --seed S`: texts at random, none of which may raise or hang.

Half are specs of examples/ and tests/specs with random changes of characters, words and lines, a quarter
words of the language in a random order, a quarter bytes. Each text is checked, and every fifth that fails
gets its fixes.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path
from random import Random

from cnndsl.api import check_source
from cnndsl.layers import names
from cnndsl.text import Source

HERE = Path(__file__).parent

_SIGNS = (
    "->", "|", "{", "}", "[", "]", "(", ")", ",", "=", ":", "::", "@", "#", '"', "\n", "\n", " x ", "-", "+",
    "*", "/", "//", "%", "<", "==", "!=", ".", "\t", "\r\n", "\\", "'", ";", "→", "\x00", "é", "\u2028",
    "1", "0", "3", "16", "2147483648", "1e999", "0.5", "99999999999999999999", "1x28x28", "3xHxW", "k3", "p1",
    "s2", "C", "H", "x3",
)  # fmt: skip
_WORDS = (
    "model input output param let block for in if else when train use residual reuse x and or not true false "
    "add concat mul identity min max range divisible"
).split()


def corpus() -> list[str]:
    """The specs that the random ones are made from."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(HERE.parent.glob("examples/*.cnn"))]
    for path in sorted((HERE / "specs").glob("*.md")):
        parts = path.read_text(encoding="utf-8").split("```cnn\n")[1:]
        texts += [part.partition("```")[0] for part in parts]
    return texts


def draw(random: Random, texts: list[str]) -> str:
    """A random text."""
    kind = random.random()
    if kind < 0.25:
        return bytes(random.randrange(256) for _ in range(random.randrange(200))).decode("utf-8", "replace")
    if kind < 0.5:
        words = (*_SIGNS, *_WORDS, *random.sample(names(), 8))
        return " ".join(random.choice(words) for _ in range(random.randrange(1, 60)))
    text = random.choice(texts)
    for _ in range(random.randrange(1, 8)):
        text = mutated(text, random, texts)
    return text[:20_000]


def mutated(text: str, random: Random, texts: list[str]) -> str:
    """The text with one change."""
    at = random.randrange(len(text) + 1)
    end = min(len(text), at + random.randrange(1, 12))
    match random.randrange(6):
        case 0:
            return text[:at] + text[end:]
        case 1:
            return text[:at] + random.choice((*_SIGNS, *_WORDS)) + text[at:]
        case 2:
            return text[:at] + random.choice(_SIGNS) + text[end:]
        case 3:
            return text[:end] + text[at:]
        case 4:
            lines = text.split("\n")
            i, j = random.randrange(len(lines)), random.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            return "\n".join(lines)
        case _:
            other = random.choice(texts)
            start = random.randrange(len(other))
            return text[:at] + other[start : start + random.randrange(1, 60)] + text[at:]


def run(text: str, with_fixes: bool) -> None:
    """Check a text as the command does; raises where it raises."""
    report = check_source(Source(text, "fuzz.cnn"))
    report.graph.verify()
    if with_fixes:
        report = report.with_fixes()
        str(report)
    for one in report.diagnostics:
        assert 0 <= one.span.start <= one.span.end <= len(text) or one.span.source.text != text, one
        assert one.message, one


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--seconds",
        type=float,
        default=1.0,
        help="the process time that a text may take; more on a busy machine",
    )
    parser.add_argument("--case", type=int, help="one case again, printed")
    options = parser.parse_args(arguments)
    texts = corpus()
    if options.case is not None:
        text = draw(Random(f"{options.seed}.{options.case}"), texts)
        print(repr(text))
        run(text, True)
        return 0
    end = time.monotonic() + 60 * options.minutes
    case = wrong = 0
    slowest = 0.0, 0
    while time.monotonic() < end and wrong < 20:
        text = draw(Random(f"{options.seed}.{case}"), texts)
        started = time.process_time()
        try:
            run(text, case % 5 == 0)
        except Exception:
            wrong += 1
            print(f"--seed {options.seed} --case {case}: {traceback.format_exc(limit=-4)}", flush=True)
        seconds = time.process_time() - started
        slowest = max(slowest, (seconds, case))
        # With fixes a text is checked many times.
        if seconds > options.seconds * (4 if case % 5 == 0 else 1):
            wrong += 1
            print(f"--seed {options.seed} --case {case}: {seconds:.1f} s", flush=True)
        case += 1
    said = f"the slowest {slowest[0]:.2f} s (case {slowest[1]})"
    print(f"{case:,} texts, seed {options.seed}: {wrong} wrong, {said}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
