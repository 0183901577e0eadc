"""For exactly which sizes of its input a network is valid: `answer` of a graph, `open_inputs` of a spec."""
