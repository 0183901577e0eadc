"""report.html: everything about a run on one page that needs nothing else, no network and no script."""

from cnndsl.training.report.writing import write_report

__all__ = ["write_report"]
