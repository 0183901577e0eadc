"""What can be computed from a graph: one function and one typed result a file."""
