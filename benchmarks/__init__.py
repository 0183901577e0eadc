"""Paired measurements of cnndsl against what one would do without it: `python -m benchmarks`."""
