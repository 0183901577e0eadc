"""Diagrams: a plan in one of three styles, laid out, and drawn as svg, png, pdf, DOT or Mermaid."""
