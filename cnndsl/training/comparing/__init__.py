"""Runs side by side: networks and seeds in one folder, with what came of them in a table and a plot."""

from cnndsl.training.comparing.folder import ComparisonFolder
from cnndsl.training.comparing.outcome import Outcome
from cnndsl.training.comparing.plan import Member, Plan, distinct_names
from cnndsl.training.comparing.running import Comparison
from cnndsl.training.comparing.tables import comparison

__all__ = ["Comparison", "ComparisonFolder", "Member", "Outcome", "Plan", "comparison", "distinct_names"]
