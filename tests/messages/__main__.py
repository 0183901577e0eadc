"""`python -m tests.messages`: record what is said of each mistake again."""

from tests.messages import FILES, recorded

for path in FILES:
    page = path.read_text(encoding="utf-8")
    path.write_text(recorded(page), encoding="utf-8")
