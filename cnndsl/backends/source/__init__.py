"""The steps from a graph to Python source, one a file.

`flow` finds what every scope takes and gives, `parts` and `parameters` what its instances share and
where they differ, `classes` puts both together; `forward`, `children` and `shapes` write the code of a
class, `naming` and `layout` see to legal names and to the form.
"""
