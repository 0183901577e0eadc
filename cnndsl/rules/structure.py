"""Rules on how the items of a spec hang together."""

from cnndsl.rules.declaration import rule

RULES = (
    rule(
        "budget-exceeded",
        "the network does not keep what an `assert` states of its costs",
        """A budget is a decision: parameters that a device holds, multiply-adds that it has time for, a
        memory that the training fits in, a receptive field that covers the object. Stated in the spec, it is
        judged at every check. The message says what is had, by how much it is over, and where most of it
        is.""",
        "input 784\nlinear 1000 -> relu -> linear 10\nassert params < 500k",
        "input 784\nlinear 500 -> relu -> linear 10\nassert params < 500k",
    ),
    rule(
        "tap-before-label",
        "a tap stands before the item that it names",
        """A network is computed from top to bottom: a tap takes a value that is there. A connection that
        leads back would be a recurrent network, which is not in this language.""",
        "input 3x32x32\nconcat @late\nlate: conv 8 k3 p1 -> relu",
        "input 3x32x32\nlate: conv 8 k3 p1 -> relu\nconcat @late",
    ),
    rule(
        "too-large",
        "a limit of the language is passed",
        """Sizes and numbers end at 2^31 - 1, networks at 100,000 layers, nesting at 100 levels, so that every
        check ends soon. A number this large is a slip more often than a plan.""",
        "input 3x32x32\n[conv 8 k3 p1 -> relu] x 1000000",
        "input 3x32x32\n[conv 8 k3 p1 -> relu] x 100",
    ),
    rule(
        "unused-output",
        "the value of an item, or an input, reaches no output",
        """It would be computed in every step and thrown away. A tap that stands alone takes the place of the
        value before it; `concat @label` and `add @label` join both.""",
        """
        input 3x32x32
        enc: conv 8 k3 p1 -> relu
        conv 16 k3 p1 -> @enc
        conv 8 k3 p1 -> relu
        """,
        """
        input 3x32x32
        enc: conv 8 k3 p1 -> relu
        conv 16 k3 p1 -> relu -> concat @enc
        conv 8 k3 p1 -> relu
        """,
    ),
)
