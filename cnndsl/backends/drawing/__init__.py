"""Diagrams: a plan of boxes and edges in one of three styles, laid out, and drawn as svg, png, pdf, DOT or Mermaid."""
