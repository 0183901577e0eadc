"""Rules on the arguments of layers and blocks."""

from cnndsl.rules.declaration import rule

RULES = (
    rule(
        "missing-argument",
        "a required argument is not given",
        "What has no sensible default has to be said: a convolution's channels and its kernel.",
        "input 3x32x32\nconv 16",
        "input 3x32x32\nconv 16 k3",
    ),
    rule(
        "duplicate-argument",
        "an argument is given twice",
        """Positions, flags and keywords are three ways to say the same: `conv 16 3` has a kernel size
        already.""",
        "input 3x32x32\nconv 16 3 k5",
        "input 3x32x32\nconv 16 k5",
    ),
    rule(
        "too-many-arguments",
        "there are more positional values than the layer has places",
        """Values without a name go by the order of PyTorch's signature, without the input size: channels
        that arrive are never written.""",
        "input 3x32x32\nflatten 1 2 3",
        "input 3x32x32\nflatten 1 2",
    ),
    rule(
        "invalid-argument",
        "the value is of the wrong kind, out of bounds, or not whole",
        """Nothing is rounded silently: `C/2` channels must come out whole, and a dropout of 50 is not taken
        for 0.5.""",
        "input 3x32x32\nconv C/2 k3",
        "input 3x32x32\nconv C//2 k3",
    ),
)
