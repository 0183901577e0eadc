"""Rules on the names of layers, arguments, labels, blocks and parameters."""

from cnndsl.rules.declaration import Example, rule

RULES = (
    rule(
        "unknown-layer",
        "no layer, join or block has this name",
        """`cnndsl layers` lists the vocabulary. PyTorch's class names mean the layer too, and what other
        libraries call it is often suggested.""",
        "input 3x32x32\ncovn 16 k3",
        "input 3x32x32\nconv 16 k3",
    ),
    rule(
        "unknown-argument",
        "the layer or block declares no such keyword, flag or switch",
        """Nothing is ever ignored: an argument that was mistyped would leave its default in force, and the
        network would silently be another one.""",
        "input 3x32x32\nconv 16 k3 pading=1",
        "input 3x32x32\nconv 16 k3 padding=1",
    ),
    rule(
        "unknown-name",
        "nothing is bound to this word",
        """Names are bound by `let`, `param`, a loop or the parameters of a block, and hold to the end of
        their braces.""",
        "let width = 16\ninput 3x32x32\nconv widht k3",
        "let width = 16\ninput 3x32x32\nconv width k3",
    ),
    rule(
        "unknown-label",
        "a tap or `reuse` names a label that is not in sight",
        """A label is seen in its own scope and in those inside it; a block sees only its own. Labels inside
        a labelled scope are reached with a dot: `@enc.conv1`.""",
        "input 3x32x32\nskip: conv 8 k3 p1 -> relu\nconcat @skipp",
        "input 3x32x32\nskip: conv 8 k3 p1 -> relu\nconcat @skip",
    ),
    rule(
        "unknown-block-file",
        "a file that `use` names is not there, or holds no blocks",
        """Files are looked up beside the spec that uses them. What lies outside of the spec's own folder is
        refused, so that a spec from elsewhere cannot read yours.""",
        'use "blocks.cnn"\ninput 3x32x32\ncbr 16',
        Example(
            'use "blocks.cnn"\ninput 3x32x32\ncbr 16',
            files=(("blocks.cnn", "block cbr(c) { conv c k3 p1 nobias -> bn -> relu }\n"),),
        ),
    ),
    rule(
        "unknown-parameter",
        "the caller sets a parameter, or gives an input, that the spec does not have",
        "A value that reaches nothing would leave the default in force without a word.",
        Example("param h = 10\ninput 3x32x32\nconv h k3", options=("--set", "hidden=64")),
        Example("param h = 10\ninput 3x32x32\nconv h k3", options=("--set", "h=64")),
    ),
    rule(
        "duplicate-label",
        "the label stands in this scope already",
        """Labels are the names of the weights in the state dict: two of one name would overwrite each other.
        In a loop, splice the counter in: `conv{i}`.""",
        "input 3x32x32\nfor i in range(2) { body: conv 8 k3 p1 -> relu }",
        "input 3x32x32\nfor i in range(2) { body{i}: conv 8 k3 p1 -> relu }",
    ),
    rule(
        "duplicate-name",
        "the name has a value already, or two blocks, inputs or outputs share it",
        "A name means one thing in its braces; nobody has to look which of two comes last.",
        "let width = 16\nlet width = 32\ninput 3x32x32\nconv width k3",
        "let width = 16\nlet wider = 2 * width\ninput 3x32x32\nconv wider k3",
    ),
    rule(
        "reserved-name",
        "the word means something else: a flag, an axis, a word of the language, a part of `nn.Module`",
        """A `k3` that is a name would make `conv 8 k3` ambiguous, `C` are the arriving channels, and a layer
        called `forward` would replace the module's own.""",
        "let k3 = 16\ninput 3x32x32\nconv 16 k5",
        "let kernel = 3\ninput 3x32x32\nconv 16 k=kernel",
    ),
    rule(
        "ambiguous-argument",
        "the word is a flag of the block and a bound name",
        "`cbr c1` could mean the parameter `c` with 1, or the value of `c1`. Say which: `c=1`, or `(c1)`.",
        "let c1 = 8\nblock cbr(c) { conv c k3 p1 -> relu }\ninput 3x32x32\ncbr c1",
        "let c1 = 8\nblock cbr(c) { conv c k3 p1 -> relu }\ninput 3x32x32\ncbr (c1)",
    ),
    rule(
        "recursive-block",
        "a block uses itself, directly or through others",
        "A spec is a finite network. What is wanted several times is repeated: `basic 64 x 3`.",
        "block deep(c) { conv c k3 p1 -> relu -> deep c }\ninput 3x32x32\ndeep 8",
        "block deep(c) { conv c k3 p1 -> relu }\ninput 3x32x32\ndeep 8 x 3",
    ),
)
