"""Rules on the text itself."""

from cnndsl.rules.declaration import rule

RULES = (
    rule(
        "syntax-error",
        "the text is not a spec here",
        """The message says what was expected. A step has an arrow or a new line before it, its arguments
        stand behind its name with blanks between them, and every bracket is closed.""",
        "input 3x32x32\nconv(16, 3) -> relu",
        "input 3x32x32\nconv 16 k3 -> relu",
    ),
)
