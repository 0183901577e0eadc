"""Write the recorded tables anew."""

from tests.backends.recorded import HERE, tables

for name, text in tables().items():
    (HERE / name).write_text(text() + "\n", encoding="utf-8")
