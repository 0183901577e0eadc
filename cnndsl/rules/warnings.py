"""Warnings: what works, but is hardly meant. None makes a spec wrong; `--strict` and comments decide."""

from cnndsl.rules.declaration import rule

RULES = (
    rule(
        "dropped-pixels",
        "a stride or a pool leaves rows or columns unread",
        """`maxpool 2` on 7x7 sees 6x6 of it: a seventh of the map is thrown away, always on the same side.
        `ceil`, padding or an even size reads all. Padding that is left over is no loss, nor is what another
        branch reads.""",
        "input 3x14x14\nconv 8 k3 p1 -> relu -> maxpool 2\nconv 16 k3 p1 -> relu -> maxpool 2",
        "input 3x14x14\nconv 8 k3 p1 -> relu -> maxpool 2\nconv 16 k3 p1 -> relu -> maxpool 2 ceil",
    ),
    rule(
        "bias-before-norm",
        "a bias that the norm behind it takes away again",
        """A batch norm subtracts each channel's mean, the bias with it, and brings a bias of its own. The
        weights cost memory and get no gradient.""",
        "input 3x32x32\nconv 8 k3 p1 -> bn -> relu",
        "input 3x32x32\nconv 8 k3 p1 nobias -> bn -> relu",
    ),
    rule(
        "no-activation-between",
        "two convolutions or linear layers with nothing between them that is not linear",
        """Two linear maps in a row are one linear map: the second adds weights, but no power. What is
        factorised on purpose is left alone: depthwise and pointwise, 1x3 and 3x1, a narrow layer between
        wide ones.""",
        "input 784\nlinear 128 -> dropout 0.5 -> linear 10",
        "input 784\nlinear 128 -> relu -> dropout 0.5 -> linear 10",
    ),
    rule(
        "activation-on-logits",
        "an activation behind the last layer of a classifier",
        """Cross-entropy wants scores of any sign. A ReLU cuts the negative ones off: a class whose score is 0
        gets no gradient, and may never get one again. Told of vectors, and of any output where the `train`
        section's loss takes scores.""",
        "input 784\nlinear 64 -> relu\nlinear 10 -> relu",
        "input 784\nlinear 64 -> relu\nlinear 10",
    ),
    rule(
        "softmax-before-loss",
        "probabilities where the loss wants scores",
        """Cross-entropy takes the softmax itself, binary cross-entropy the sigmoid; taken twice, differences
        shrink and the network learns slowly or not at all. Told of a sigmoid, too, where the `train`
        section's loss is one of these; a softmax at the end also without one, for cross-entropy is what
        `cnndsl train` takes.""",
        "input 784\nlinear 10 -> softmax",
        "input 784\nlinear 10",
    ),
    rule(
        "receptive-field-small",
        "a global pool over features that see only a part of the input",
        """Averaged over all places, features no longer tell where they were: what is larger than their
        receptive field is never seen as a whole. More convolutions, strides or pools in front widen it.""",
        """
        input 3x32x32
        conv 16 k3 p1 -> relu -> maxpool 2
        conv 32 k3 p1 -> relu
        gap -> flatten -> linear 10
        """,
        """
        input 3x32x32
        for c in [16, 32, 64, 128] { conv c k3 p1 -> relu -> maxpool 2 }
        conv 128 k3 p1 -> relu
        gap -> flatten -> linear 10
        """,
    ),
    rule(
        "heavy-first-linear",
        "more than half of all weights, and half a million, in the linear layer behind the flattened map",
        """They are many to store and easy to overfit. A global average pool leaves one feature a channel
        instead of one a pixel, and is what networks have used since 2013.""",
        "input 3x64x64\nconv 32 k3 p1 -> relu -> maxpool 2\nflatten -> linear 100 -> relu -> linear 10",
        """
        input 3x64x64
        for c in [32, 64, 128, 256] { conv c k3 p1 -> relu -> maxpool 2 }
        conv 256 k3 p1 -> relu
        gap -> flatten -> linear 100 -> relu -> linear 10
        """,
    ),
    rule(
        "unused-block",
        "a block that nothing uses",
        "It has not been checked either: a block's shapes are only known where it is used.",
        "input 3x32x32\nblock cbr(c) { conv c k3 p1 nobias -> bn -> relu }\nconv 8 k3 -> relu",
        "input 3x32x32\nblock cbr(c) { conv c k3 p1 nobias -> bn -> relu }\ncbr 8",
    ),
    rule(
        "unused-param",
        "a parameter, of the spec or of a block, that nothing reads",
        "Whoever sets it believes that something changes, and nothing does.",
        "param classes = 10\ninput 784\nlinear 10",
        "param classes = 10\ninput 784\nlinear classes",
    ),
    rule(
        "unused-label",
        "a label that no tap names, on an item without weights",
        """A label names weights in the state dict, or a value for a tap. Where there are no weights, it was
        probably meant for a tap that is missing.""",
        "input 3x32x32\nconv 8 k3 p1 -> skip: relu\nconv 8 k3 p1 -> relu",
        "input 3x32x32\nconv 8 k3 p1 -> skip: relu\nconv 8 k3 p1 -> relu -> add @skip",
    ),
    rule(
        "single-value-batchnorm",
        "a batch norm with one value a channel and sample",
        """A batch norm needs several values to norm by. On 1x1 maps, or vectors, there is one a sample: with
        a batch of one PyTorch refuses to train. Told of maps; where the `train` section says `batch 1`, of
        vectors too; and of nothing where it says more.""",
        "input 64x8x8\ngap -> conv 16 k1 nobias -> bn -> relu",
        "input 64x8x8\ngap -> conv 16 k1 -> groupnorm 1 -> relu",
    ),
)
