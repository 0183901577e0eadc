"""What a graph is turned into: one kind of output a file."""
