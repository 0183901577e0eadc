"""Rules on training: settings and data."""

from cnndsl.rules.declaration import Example, rule

_DATA = (("points.csv", "label,a,b\n0,0,1\n1,1,0\n0,0,2\n1,2,0\n0,0,3\n1,3,0\n0,0,4\n1,4,0\n0,0,5\n1,5,0\n"),)
_OPTIONS = ("--data", "points.csv", "--epochs", "1")

RULES = (
    rule(
        "train-setting",
        "a setting of the `train` section is unknown, or its value is wrong",
        """A setting that was mistyped would leave its default in force, and a night of training would be for
        nothing. `cnndsl train` says so before it begins.""",
        Example(
            "input 2 -> linear 2\ntrain { optimizer sgd lr=0 }",
            options=_OPTIONS,
            files=_DATA,
            command="train",
        ),
        Example(
            "input 2 -> linear 2\ntrain { optimizer sgd lr=0.1 }",
            options=_OPTIONS,
            files=_DATA,
            command="train",
        ),
        said="`lr` is 0, expected more than 0",
    ),
    rule(
        "data-mismatch",
        "the data do not fit the network's input or output",
        """It is found out before any training: samples of another size, or labels for which the network has
        no output.""",
        Example("input 3 -> linear 2", options=_OPTIONS, files=_DATA, command="train"),
        Example("input 2 -> linear 2", options=_OPTIONS, files=_DATA, command="train"),
        said="points.csv: a row has 2 pixels, the network takes 3",
    ),
)
