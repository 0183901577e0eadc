"""What can be said about a spec, rule by rule: what it means, why it matters, a wrong example, a right one.

One file a group. Nothing that checks loads this package: `cnndsl explain` does, and the test-suite, which
runs both examples of every rule and holds the words against those of `diagnostics`.
"""

from __future__ import annotations

from cnndsl.rules import arguments, names, shapes, structure, text, train, warnings
from cnndsl.rules.declaration import Example, Rule

__all__ = ["GROUPS", "Example", "Rule", "find_rule"]

# The groups in the order in which a spec is read; the last one holds what works, but is hardly meant.
GROUPS: dict[str, tuple[Rule, ...]] = {
    "text": text.RULES,
    "names": names.RULES,
    "arguments": arguments.RULES,
    "shapes": shapes.RULES,
    "structure": structure.RULES,
    "training": train.RULES,
    "warnings": warnings.RULES,
}


def find_rule(name: str) -> Rule | None:
    """The rule of this name, None where there is none.

    >>> find_rule("needs-flatten").right.spec
    'input 1x28x28\\nflatten -> linear 10\\n'
    """
    return next((rule for rules in GROUPS.values() for rule in rules if rule.name == name), None)
