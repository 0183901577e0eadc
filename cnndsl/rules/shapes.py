"""Rules on the sizes of the values that flow between layers."""

from cnndsl.rules.declaration import rule

RULES = (
    rule(
        "missing-input",
        "nothing says what arrives",
        """Every size follows from the input's. It stands in the first line, or the caller gives it with
        `--input 3x32x32`. A size may be left open: `input 3xHxW`.""",
        "conv 16 k3 -> relu",
        "input 3x32x32\nconv 16 k3 -> relu",
    ),
    rule(
        "wrong-rank",
        "the layer does not take vectors, or sequences, or images; or an axis is read that is not there",
        """A convolution needs axes to slide along, a vector has none. `flatten` makes a vector of an image,
        `unflatten` an image of a vector.""",
        "input 784\nconv 16 k3",
        "input 784\nunflatten 1 28 28 -> conv 16 k3",
    ),
    rule(
        "needs-flatten",
        "`linear` on a value whose channels come first",
        """PyTorch's Linear works on the last axis, so on an image it would mix the pixels of a row and leave
        channels and rows apart, mostly without an error. `flatten` or `gap -> flatten` is what is meant;
        `linear 10 last` says that it is not.""",
        "input 1x28x28\nlinear 10",
        "input 1x28x28\nflatten -> linear 10",
    ),
    rule(
        "kernel-too-large",
        "the window is larger than the padded map",
        """After a few pools a map is small: 28x28 becomes 14x14, 7x7, 3x3. A smaller kernel, padding, or a
        pool less makes it fit.""",
        "input 3x28x28\nmaxpool 4 -> maxpool 7 -> conv 8 k3",
        "input 3x28x28\nmaxpool 4 -> maxpool 7 -> conv 8 k1",
    ),
    rule(
        "empty-output",
        "nothing would be left",
        "A crop, a padding or a step cannot take more than there is: every axis keeps one position at least.",
        "input 3x8x8\ncrop 4",
        "input 3x8x8\ncrop 3",
    ),
    rule(
        "padding-too-large",
        "more padding than PyTorch takes here, such as more than half of a pool's window",
        """A pool's window has to touch the map, and reflected padding can only reflect what is there.""",
        "input 3x28x28\nmaxpool 2 p2",
        "input 3x28x28\nmaxpool 2 p1",
    ),
    rule(
        "output-padding-too-large",
        "an `upconv`'s output padding reaches its stride and dilation",
        """Output padding chooses among the sizes that a stride rounds to one; there are fewer of them than
        the stride.""",
        "input 8x7x7\nupconv 4 k3 s2 op2",
        "input 8x7x7\nupconv 4 k3 s2 op1",
    ),
    rule(
        "same-needs-stride-1",
        "`p=same` with a stride",
        """A stride changes the size, so nothing can keep it the same; PyTorch refuses it too. Write the
        padding: (k - 1)/2 halves an even size exactly.""",
        "input 3x32x32\nconv 16 k3 s2 p=same",
        "input 3x32x32\nconv 16 k3 s2 p1",
    ),
    rule(
        "groups-mismatch",
        "the groups do not divide the channels that arrive, or those that leave",
        "Each group has the same number of channels, before and after.",
        "input 3x32x32\nconv 16 k3 g2",
        "input 4x32x32\nconv 16 k3 g2",
    ),
    rule(
        "not-divisible",
        "sizes that must divide do not",
        """`pixelshuffle 2` makes one channel of four, `glu` one half of the channels gate the other: other
        numbers would leave a rest.""",
        "input 6x16x16\npixelshuffle 2",
        "input 8x16x16\npixelshuffle 2",
    ),
    rule(
        "shape-mismatch",
        "the branches of a join do not fit",
        """`add` wants equal shapes; `concat` wants equal sizes in all axes but the channels. The message
        shows each branch's size with the item that made it.""",
        "input 64x32x32\nresidual { conv 128 k3 p1 -> bn }",
        "input 64x32x32\nadd { conv 128 k3 p1 nobias -> bn | conv 128 k1 }",
    ),
    rule(
        "shape-assertion",
        "an item does not give what `::` states",
        """An assertion is a comment that is checked. Where it fails, either the layers or the expectation are
        wrong: the message shows the shape and where it comes from.""",
        "input 3x32x32\nconv 16 k3 :: 16x32x32",
        "input 3x32x32\nconv 16 k3 p1 :: 16x32x32",
    ),
    rule(
        "free-size",
        "a weight would depend on an open size, or an expression reads one",
        """Weights are made once, and fit one size. A global pool in front of the linear layer makes the
        number of features independent of the image. Nor may an expression read an open size: the layers
        would depend on it.""",
        "input 3xHxW\nflatten -> linear 10",
        "input 3xHxW\ngap -> flatten -> linear 10",
    ),
)
