"""Specs for the backends' tests: networks as people write them, and the odd corners of names and flow."""

from __future__ import annotations

RESNET = """
model ResNet
input 3x32x32
block basic(c, s=1) {
  add {
    conv1: conv c k3 s=s p1 nobias -> bn1: bn -> relu
    conv2: conv c k3 p1 nobias -> bn2: bn
  | if s != 1 or C != c { downsample: [conv c k1 s=s nobias -> bn] } else { identity }
  }
  relu
}
conv1: conv 8 k3 p1 nobias -> bn1: bn -> relu
layer1: [basic 8 x 2]
layer2: [basic 16 s2 -> basic 16]
layer3: [basic 32 s2 -> basic 32]
gap -> flatten
fc: linear 10
"""

DENSENET = """
model DenseNet
input 3x32x32
let growth = 4
block dense_layer(g) {
  concat {
    identity
  | norm1: bn -> relu1: relu -> conv1: conv 4*g k1 nobias
    norm2: bn -> relu2: relu -> conv2: conv g k3 p1 nobias
  }
}
block transition { norm: bn -> relu: relu -> conv: conv C/2 k1 nobias -> pool: avgpool 2 }
features: [
  conv0: conv 8 k3 p1 nobias
  for i, n in [(1, 4), (2, 5), (3, 6)] {
    denseblock{i}: [ for j in range(1, n + 1) { denselayer{j}: dense_layer growth } ]
    if i < 3 { transition{i}: transition }
  }
  norm5: bn
]
relu -> gap -> flatten
classifier: linear 10
"""

UNET = """
model UNet
input 3x32x32
block double(c) { conv c k3 p1 nobias -> bn -> relu -> conv c k3 p1 nobias -> bn -> relu }
encoder: [
  enc1: double 8
  maxpool 2
  enc2: double 16
  maxpool 2
]
middle: double 32
decoder: [
  up2: upconv 16 k2 s2
  concat @encoder.enc2
  dec2: double 16
  up1: upconv 8 k2 s2
  concat @encoder.enc1
  dec1: double 8
]
head: conv 2 k1
"""

INCEPTION = """
model Inception
input 3x16x16
block inception(a, b3, b, d) {
  concat {
    branch1: [conv a k1 -> relu]
  | branch2: [conv b3 k1 -> relu -> conv b k3 p1 -> relu]
  | branch3: [maxpool 3 s1 p1 -> conv d k1 -> relu]
  }
}
conv 8 k3 p1 -> relu
inception3a: inception 4 6 8 4
inception3b: inception 8 6 9 5
gap -> flatten -> dropout 0.4
fc: linear 10
"""

MOBILENET = """
model MobileNet
input 3x32x32
block cbr(c, k=3, s=1) { conv c k=k s=s p=k//2 nobias -> bn -> relu6 }
block depthwise(k=3, s=1) { dwconv k=k s=s p=k//2 nobias -> bn -> relu6 }
block inverted(c, t, s=1, k=3) {
  residual if s == 1 and C == c {
    if t != 1 { cbr C*t k=1 }
    depthwise s=s k=k
    conv c k1 nobias -> bn
  }
}
features: [
  cbr 8 s2
  for t, c, n, s, k in [(1, 4, 1, 1, 3), (6, 6, 2, 2, 3), (4, 8, 4, 2, 5)] {
    for i in range(n) { inverted c t=t s=(s if i == 0 else 1) k=k }
  }
  cbr 32 k=1
]
gap -> flatten
classifier: [dropout 0.2 -> linear 10]
"""

CONVNEXT = """
model ConvNeXt
input 3x32x32
block next(rate=0.1) {
  let c = C
  residual {
    dwconv: dwconv k7 p3
    permute 2 3 1 -> norm: layernorm eps=1e-6
    linear 4*c -> gelu -> linear c
    permute 3 1 2
    layer_scale: scale init=1e-6
    droppath rate
  }
}
stem: [conv 8 k4 s4 -> layernorm2d eps=1e-6]
stage1: [next x 2]
down: [layernorm2d eps=1e-6 -> conv 16 k2 s2]
stage2: [next x 2]
gap -> flatten
head: linear 10
"""

NAMES = """
model torch
input 3x8x8
x: conv 4 k3 p1
self: relu
torch: relu
class: conv 4 k1
"block-1": [conv 4 k3 p1 -> bn]
spec_: conv 4 k1
pop: relu
_modules: relu
_hidden: relu6
layer_scale: scale
concat { @x | @torch | @spec_ | @class | @self | identity }
scale
"""

CHAIN = "input 1x28x28 -> conv 4 k3 p1 -> relu -> maxpool 2 -> flatten -> linear 10"

NETWORKS = {
    "resnet": RESNET,
    "densenet": DENSENET,
    "unet": UNET,
    "inception": INCEPTION,
    "mobilenet": MOBILENET,
    "convnext": CONVNEXT,
    "chain": CHAIN,
}
