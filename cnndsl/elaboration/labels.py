"""Labels and taps: the names of items, and the values that those names give."""

from __future__ import annotations

from collections.abc import Callable

from cnndsl import syntax as s
from cnndsl.diagnostics import Diagnostic, Related, SpecError
from cnndsl.dims import Value
from cnndsl.elaboration.builder import GraphBuilder, Labelled, OpenScope
from cnndsl.expressions import Environment, Undecided, evaluate
from cnndsl.layers.kinds import describe_value
from cnndsl.text import Span
from cnndsl.words import did_you_mean

__all__ = ["MODULE_ATTRIBUTES", "check_label", "find_labelled", "label_text"]

Report = Callable[[Diagnostic], None]

LONGEST_LABEL = 200

# What every nn.Module has already: PyTorch refuses submodules of these names. A test holds the list
# against the installed PyTorch.
MODULE_ATTRIBUTES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook
    requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training
    type xpu zero_grad
    """.split()
)


def label_text(label: s.Label, names: Environment, arriving: Value | None, report: Report) -> str | None:
    """A label with its splices filled in; None after a mistake, which is reported."""
    parts = []
    for part in label.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        try:
            value = evaluate(part, names, arriving)
        except Undecided:
            return None
        except SpecError as error:
            for diagnostic in error.diagnostics:
                report(diagnostic)
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            report(
                Diagnostic(
                    "invalid-argument",
                    f"a whole number or a text goes into a label, got {describe_value(value)}",
                    part.span,
                )
            )
            return None
        parts.append(str(value))
    return "".join(parts)


def check_label(text: str, span: Span, scope: OpenScope, report: Report) -> str | None:
    """The label as a key in `scope`; None after a mistake, which is reported."""
    if len(text) > LONGEST_LABEL:
        report(Diagnostic("too-large", f"the label is longer than {LONGEST_LABEL} characters", span))
        return None
    if not text or "." in text:
        what = "is empty" if not text else "has a dot in it, and dots part the names of scopes"
        report(Diagnostic("invalid-argument", f"the label {what}", span))
        return None
    of_the_model = text == "spec" and scope.parent is None
    if text in MODULE_ATTRIBUTES or text.startswith("__") or of_the_model:
        whose = "a compiled model" if of_the_model else "every nn.Module"
        report(
            Diagnostic(
                "reserved-name",
                f"`{text}` is an attribute that {whose} has",
                span,
                help=(f"another label, such as `{text.strip('_')}_layer`",),
            )
        )
        return None
    if text == "input" and scope.parent is None:
        message = "`input` is the name of what arrives"
        report(Diagnostic("reserved-name", message, span, help=("another label, such as `input_layer`",)))
        return None
    earlier, numbered = scope.labels.get(text), scope.positions.get(text)
    if earlier is not None:
        message = f"there is a `{text}` in this scope already"
        note = Related(f"`{text}` stands here first", earlier.span)
        help = "a splice keeps labels in a loop apart: `name{i}: ...`"
    elif numbered is not None:
        message = f"the item at position {text} of this scope is called `{text}` already"
        note = Related(f"position {text}", numbered)
        help = "give that item a label, or choose another one here"
    else:
        return text
    report(Diagnostic("duplicate-label", message, span, related=(note,), help=(help,)))
    return None


def find_labelled(
    tap: s.Tap,
    scope: OpenScope,
    names: Environment,
    arriving: Value | None,
    body: s.Body,
    builder: GraphBuilder,
    report: Report,
) -> Labelled | None:
    """What a tap's label names; None after a mistake, which is reported."""
    text = label_text(tap.label, names, arriving, report)
    if text is None:
        return None
    first, *rest = text.split(".")
    found = _visible(first, scope)
    if found is None:
        _missing(tap, first, _visible_names(scope), body, report)
        return None
    for part in rest:
        inside: dict[str, Labelled] = {} if found.inside is None else found.inside.labels
        inner = inside.get(part)
        if inner is None and found.inside is not None:
            inner = _at_position(part, found.inside, builder)
        if inner is None:
            _missing(tap, part, set(inside), None, report)
            return None
        found = inner
    return found


def _at_position(key: str, scope: OpenScope, builder: GraphBuilder) -> Labelled | None:
    """The unlabelled layer or block use that has its position in the scope as its key: `@layer1.0`."""
    for kind, id in scope.children:
        if kind == "scope" and (inside := builder.scope(id)).key == key and inside.output is not None:
            return Labelled(inside.output, inside.span, inside)
        if kind == "node" and builder.node(id).key == key:
            return Labelled(id, builder.node(id).span)
    return None


def _visible(name: str, scope: OpenScope) -> Labelled | None:
    """A label of this scope or of those around it; a block sees only its own."""
    at: OpenScope | None = scope
    while at is not None:
        if name in at.labels:
            return at.labels[name]
        at = None if at.kind == "block" else at.parent
    return None


def _visible_names(scope: OpenScope) -> set[str]:
    found: set[str] = set()
    at: OpenScope | None = scope
    while at is not None:
        found.update(at.labels)
        at = None if at.kind == "block" else at.parent
    return found


def _missing(tap: s.Tap, name: str, known: set[str], body: s.Body | None, report: Report) -> None:
    later = None if body is None else _written_later(body, name, tap.span)
    if later is not None:
        report(
            Diagnostic(
                "tap-before-label",
                f"`{tap.span.text}` stands before the item that it names",
                tap.span,
                related=(Related(f"`{name}` is computed here", later),),
                help=("a tap takes a value that was computed before",),
            )
        )
        return
    help = did_you_mean(name, known)
    if not help and known:
        listed = sorted(known)[:8]
        help = ("the labels in sight are " + ", ".join(f"`{one}`" for one in listed),)
    report(Diagnostic("unknown-label", f"there is no label `{name}` here", tap.span, help=help))


def _written_later(body: s.Body, name: str, behind: Span) -> Span | None:
    """The place of a label that stands behind `behind` in the same text, or around it."""
    pending: list[s.Statement] = list(body.statements)
    while pending:
        at = pending.pop()
        if isinstance(at, s.Labelled) and at.label.literal == name and at.span.end > behind.start:
            return at.label.span
        for inner in s.bodies(at):
            pending.extend(inner.statements)
        if isinstance(at, s.Labelled):
            pending.append(at.item)
    return None
