"""Words that people bring from other libraries and from papers, and what they are called here.

Only for help lines: what means exactly the same is an alias of its layer. Loaded on the way to an error.
"""

from __future__ import annotations

__all__ = ["ARGUMENTS", "NOT_ARGUMENTS", "WORDS"]


def table(text: str) -> dict[str, str]:
    """Lines `meant: word word ...` as a mapping from each word to what is meant."""
    pairs = (line.split(": ", 1) for line in text.strip().splitlines())
    return {word: meant.strip() for meant, words in pairs for word in words.split()}


# Small letters without underscores, `layer` at the end and `2d`; a word stands for itself in any spelling.
WORDS = table("""
conv: convolution convolutional convolve
dwconv: depthwise depthwiseconv depthwiseconvolution depthconv convdw dw
upconv: deconv deconvolution transposedconv transposeconv convtransposed convt tconv upconvolution
linear: fullyconnected fcl affine perceptron gemm innerproduct
maxpool: maxpooling maxp mp subsampling
avgpool: averagepool averagepooling avgpooling meanpool meanpooling
adaptiveavgpool: adaptiveaveragepool adaptivepool adaptiveavgpooling adaptiveaveragepooling
adaptivemaxpool: adaptivemaxpooling
gap: globalavgpool globalaveragepool globalaveragepooling globalavgpooling globalpool globalpooling
gmp: globalmaxpool globalmaxpooling
bn: batchnormalization batchnormalisation bnorm normalize normalise
layernorm: layernormalization layernormalisation ln
groupnorm: groupnormalization groupnormalisation gn
instancenorm: instancenormalization instancenormalisation inorm
lrn: localresponsenormalization localresponsenormalisation responsenorm
rmsnorm: rmsnormalization
relu: rectifier rectifiedlinear
leakyrelu: lrelu leaky leakyrectify
hardswish: hswish
hardsigmoid: hsigmoid
hardtanh: htanh clamp clip
sigmoid: logistic sigm
prelu: parametricrelu
dropout: drop
channeldropout: spatialdropout featuredropout dropoutchannel
droppath: dropblock dropbranch
flatten: flat ravel vectorize
reshape: view resizeas
permute: permutation rearrange moveaxis movedim
transpose: swapaxes swapdims
unsqueeze: expanddims newaxis
narrow: slice split chunk
pad: zeropad zeropadding constantpad padding
crop: cropping centercrop
upsample: upsampling interpolate resize unpool upscale upsamplingbilinear upsamplingnearest
pixelshuffle: depthtospace subpixel subpixelconv
pixelunshuffle: spacetodepth
channelshuffle: shuffle shufflechannels
attention: selfattention mha mhsa
posembed: positionembedding positionalembedding positionalencoding posenc
classtoken: clstoken cls
identity: noop passthrough
add: sum plus addition merge
concat: cat concatenate concatenation depthconcat stack
mul: multiply product times prod
sub: subtract minus
max: maximum
min: minimum
residual: skip shortcut skipconnection resblock residualblock
""") | {
    "separableconv": "a separable convolution is two: `dwconv k3 p1 -> conv 64 k1`",
    "sepconv": "a separable convolution is two: `dwconv k3 p1 -> conv 64 k1`",
    "pointwise": "a pointwise convolution is `conv 64 k1`",
    "pointwiseconv": "a pointwise convolution is `conv 64 k1`",
    "pwconv": "a pointwise convolution is `conv 64 k1`",
    "groupconv": "a grouped convolution is `conv 64 k3 g4`",
    "groupedconv": "a grouped convolution is `conv 64 k3 g4`",
    "dilatedconv": "a dilated convolution is `conv 64 k3 d2`",
    "atrousconv": "a dilated convolution is `conv 64 k3 d2`",
    "reflectionpad": "write `pad 1 mode=reflect`",
    "replicationpad": "write `pad 1 mode=replicate`",
    "circularpad": "write `pad 1 mode=circular`",
    "pool": "there are `maxpool` and `avgpool`, and over the whole map `gap` and `gmp`",
    "pooling": "there are `maxpool` and `avgpool`, and over the whole map `gap` and `gmp`",
    "norm": "there are `bn`, `groupnorm`, `instancenorm` and `layernorm`",
    "normalization": "there are `bn`, `groupnorm`, `instancenorm` and `layernorm`",
    "activation": "an activation is written by its own name: `relu`, `gelu`, `sigmoid`",
    "sequential": "a group stands in brackets: `[conv 16 k3 p1 -> relu]`",
    "repeat": "a repeat stands behind: `[conv 16 k3 p1 -> relu] x 3`",
    "import": '`use "file.cnn"` brings the blocks of another file; layers need no import',
    "from": '`use "file.cnn": name` brings a block of another file; layers need no import',
    "def": "`block name(a, b=1) { ... }` makes a block",
    "class": "`model Name` names the network, `block name(a, b=1) { ... }` makes a block",
    "return": "the last value is the network's output: nothing has to be returned",
    "crossentropy": "the loss stands in the `train` section: `loss cross_entropy`",
    "loss": "the loss stands in the `train` section: `loss cross_entropy`",
}

# For each word the arguments that may be meant, the likeliest first.
ARGUMENTS = {
    word: tuple(meant.split())
    for word, meant in table("""
out: filters units features nout numfilters nfilters numoutputs outputs outdim planes neurons hidden
kernel_size: kernel ksize kernelshape filtersize poolsize window windowsize
kernel_size output_size scale_factor: size
stride: strides step subsample
padding: pad pads paddings zeropadding border
dilation: dilationrate dilations atrous
groups num_groups: group numgroups ngroups cardinality
p dilation: rate
p: prob probability keepprob droprate dropprob dropoutrate dropout
bias: usebias withbias hasbias biases biasterm
eps: epsilon
dim dims start_dim: axis axes dimension dims dim
negative_slope alpha: slope leak leakiness alpha
scale_factor upscale_factor: scale factor upscale zoom
upscale_factor downscale_factor: r blocksize
mode: interpolation method resample
elementwise_affine affine: affine center learnable
mult: depthmultiplier channelmultiplier multiplier expansion
num_heads heads: heads nhead numheads nheads
output_size: outputsize targetsize outsize
ceil_mode: ceil ceilmode
out num_channels num_parameters: channels
""").items()
}

_ARRIVES = "what arrives is known here: leave it out"
_STARTS = "weights start as PyTorch starts them; `--weights` and a loaded state dict set them"

# What is said in another way; `{layer}` is the layer that was written.
NOT_ARGUMENTS = {
    **dict.fromkeys(
        "inchannels infeatures inputchannels inputdim inputshape numfeatures nin".split(), _ARRIVES
    ),
    **dict.fromkeys("kernelinitializer biasinitializer initializer init weight weights".split(), _STARTS),
    **dict.fromkeys(
        "activation act nonlinearity".split(),
        "an activation is a layer of its own: `{layer} ... -> relu`",
    ),
    **dict.fromkeys(
        "norm normalization batchnorm".split(), "a norm is a layer of its own: `{layer} ... -> bn`"
    ),
    **dict.fromkeys("name label".split(), "a label stands in front: `name: {layer} ...`"),
    **dict.fromkeys(
        "device dtype".split(), "where and how precisely a network runs is said to `cnndsl train`"
    ),
    **dict.fromkeys(
        "dataformat channelslast".split(), "channels stand first, here as in PyTorch: leave it out"
    ),
}
