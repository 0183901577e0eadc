"""Tables: of one network, and of what two differ in; for terminals, pages, papers and scripts.

`rows` says what stands in them, `columns` how it reads, `table` what a finished table is; the other
files each write one.
"""
