"""Two layers that cnndsl does not bring: maxout, and blur pooling.

`cnndsl check net.cnn --plugin more_layers`, or `load_plugins("more_layers")` in Python, where this file
is in the folder or otherwise importable.
"""

from math import prod

from cnndsl.layers import (
    Args,
    Argument,
    Example,
    Layer,
    LayerError,
    Module,
    Reject,
    Shape,
    Step,
    Value,
    Weight,
    Whole,
    keywords,
    register,
)

# What PyTorch lacks travels as source: generated Python needs neither this file nor cnndsl.
MAXOUT = '''
class Maxout(nn.Module):
    """The largest of every few neighbouring channels."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(1, [-1, self.pieces]).amax(2)

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}"
'''.lstrip("\n")


def maxout_shape(x: Value, args: Args) -> Shape:
    pieces = args["pieces"]
    if x.channels % pieces:
        raise LayerError(
            "not-divisible",
            f"maxout takes {pieces} channels at a time, and {x.channels} do not divide by {pieces}",
            argument="pieces",
        )
    return (x.channels // pieces, *x.spatial)


register(
    Layer(
        name="maxout",
        family="activation",
        summary="the largest of every few neighbouring channels, which serve as linear pieces",
        pytorch="x.unflatten(1, (-1, pieces)).amax(2)",
        formula="channels / pieces",
        arguments=(Argument("pieces", Whole(2), "how many channels give one", default=2),),
        shape=maxout_shape,
        module=lambda x, args, output: Module("Maxout", (("pieces", args["pieces"]),), helper=MAXOUT),
        examples=(
            Example("maxout", "32x28x28", "16x28x28"),
            Example("maxout 4", "64", "16"),
        ),
        rejects=(
            Reject("maxout 3", "32x28x28", "not-divisible", "pieces"),
            Reject("maxout 1", "32x28x28", "invalid-argument", "pieces"),
        ),
    )
)

BLURPOOL = '''
class BlurPool(nn.Module):
    """Makes an image smaller after a binomial blur, so that little shifts of the input matter less."""

    def __init__(self, channels: int, kernel_size: int = 3, stride: int = 2) -> None:
        super().__init__()
        row = torch.ones(1)
        for _ in range(kernel_size - 1):
            row = nn.functional.pad(row, (1, 0)) + nn.functional.pad(row, (0, 1))
        kernel = row[:, None] * row / row.sum() ** 2
        self.register_buffer("kernel", kernel.repeat(channels, 1, 1, 1))
        self.stride = stride
        before, after = (kernel_size - 1) // 2, kernel_size // 2
        self.padding = [before, after, before, after]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.pad(x, self.padding, mode="reflect")
        return nn.functional.conv2d(x, self.kernel, stride=self.stride, groups=x.shape[1])
'''.lstrip("\n")

BLURPOOL_ARGUMENTS = (
    Argument("kernel_size", Whole(1), "size of the blur", default=3, flag="k"),
    Argument("stride", Whole(1), "step of the blur", default=2, flag="s"),
)


def blurpool_shape(x: Value, args: Args) -> Shape:
    if args["kernel_size"] // 2 >= min(x.spatial):
        raise LayerError(
            "padding-too-large",
            f"blur {args['kernel_size']} mirrors {args['kernel_size'] // 2} rows, {x} has too few",
            argument="kernel_size",
            help=(f"`k{2 * min(x.spatial) - 1}` fits",),
        )
    return (x.channels, *((n - 1) // args["stride"] + 1 for n in x.spatial))


def blurpool_weights(x: Value, args: Args) -> tuple[Weight, ...]:
    size = args["kernel_size"]
    return (Weight("kernel", (x.channels, 1, size, size), trainable=False),)


def blurpool_steps(x: Value, args: Args) -> tuple[Step, ...]:
    size = args["kernel_size"]
    return (Step(size, args["stride"], (size - 1) // 2),) * 2


def blurpool_macs(x: Value, args: Args, output: Shape) -> int:
    return prod(output) * args["kernel_size"] ** 2


def blurpool_explain(x: Value, args: Args, output: Shape) -> str:
    return f"({x.spatial[0]} - 1)//{args['stride']} + 1 = {output[1]}"


def blurpool_module(x: Value, args: Args, output: Shape) -> Module:
    return Module(
        "BlurPool",
        (("channels", x.channels),),
        keywords(BLURPOOL_ARGUMENTS, args, "kernel_size", "stride"),
        helper=BLURPOOL,
    )


register(
    Layer(
        name="blurpool",
        family="pooling",
        summary="blurs an image before it takes every second pixel (Zhang, 2019)",
        pytorch="conv2d with a fixed binomial kernel",
        formula="floor((n - 1) / s) + 1 an axis",
        arguments=BLURPOOL_ARGUMENTS,
        ranks=frozenset({2}),
        layout="channels_first",
        shape=blurpool_shape,
        weights=blurpool_weights,
        macs=blurpool_macs,
        module=blurpool_module,
        receptive=blurpool_steps,
        explain=blurpool_explain,
        examples=(
            Example("blurpool", "16x28x28", "16x14x14"),
            Example("blurpool k5 s1", "16x28x28", "16x28x28"),
        ),
        rejects=(
            Reject("blurpool k9", "16x4x4", "padding-too-large", "kernel_size"),
            Reject("blurpool", "64", "wrong-rank"),
        ),
    )
)
