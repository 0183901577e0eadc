"""The network of a run: its spec, its diagram and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnndsl import api
from cnndsl.backends.summary import report_html
from cnndsl.training.report.html import figure, heading, picture, pre, section, text

if TYPE_CHECKING:
    from cnndsl.report import Report
    from cnndsl.training.records import RunConfig, RunFolder

__all__ = ["network"]


def network(folder: RunFolder, config: RunConfig, report: Report | None) -> str:
    """The spec beside the diagram, the table of layers below; of a module made by hand that it is one."""
    title = "Network"
    if report is None:
        note = "A module that was made by hand: there is no spec, and so no diagram and no table."
        return section("network", title, f"<p>{note}</p>")
    given = [f"{name}={value}" for name, value in config.params.items()]
    with_params = f"<p class=quiet>with {text(' '.join(given))}</p>" if given else ""
    spec = f"<div>{heading('the spec')}{pre(folder.read_spec())}{with_params}</div>"
    drawn = f"<div>{heading('the diagram')}{_diagram(folder, config)}</div>"
    layers = f"{heading('the layers')}{report_html(report)}"
    return section("network", title, f'<div class="beside network">{spec}{drawn}</div>', layers)


def _diagram(folder: RunFolder, config: RunConfig) -> str:
    """The diagram in two themes, of which the page shows the one that it is in."""
    spec, shape, params = folder.path / "spec.cnn", config.input, config.params
    try:
        light, dark = (
            api.draw(spec, shape, theme=theme, params=params).svg().encode() for theme in ("light", "dark")
        )
    except ValueError as error:
        return f"<p>It could not be drawn: {text(error)}</p>"
    shown = picture(light, "image/svg+xml", "the diagram of the network", dark=dark)
    return figure(shown, "diagram")
