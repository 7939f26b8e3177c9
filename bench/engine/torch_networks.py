"""The networks in torch, with random weights: torchvision's, and EfficientNet-Lite0 by hand.

Padding is torch's, on both sides, where EfficientNet-Lite0 has TensorFlow's: the same sizes, without an op for it.
"""

from torch import nn

# Kernel size, stride, expansion, output channels, repeats: assets/efficientnet-lite0/README.md.
EFFICIENTNET_LITE0_STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]


def build(network, class_count):
    """The model, and its parts that are frozen when the head and the last block are trained."""
    model, last_frozen = BUILDERS[network](class_count)
    parts = [part for part in model.modules() if not list(part.children())]
    last = max(parts.index(part) for part in model.get_submodule(last_frozen).modules() if part in parts)
    return model, parts[: last + 1]


def conv_norm(inputs, outputs, kernel_size=1, stride=1, groups=1):
    padding = kernel_size // 2
    return [
        nn.Conv2d(inputs, outputs, kernel_size, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
    ]


class InvertedResidual(nn.Module):
    def __init__(self, kernel_size, stride, expansion, inputs, outputs):
        super().__init__()
        inner = inputs * expansion
        expand = [] if expansion == 1 else [*conv_norm(inputs, inner), nn.ReLU6(inplace=True)]
        filter_each = [*conv_norm(inner, inner, kernel_size, stride, groups=inner), nn.ReLU6(inplace=True)]
        self.branch = nn.Sequential(*expand, *filter_each, *conv_norm(inner, outputs))
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return self.branch(x) + x if self.is_residual else self.branch(x)


def efficientnet_lite0(class_count):
    blocks, inputs = [], 32
    for kernel_size, stride, expansion, outputs, repeats in EFFICIENTNET_LITE0_STAGES:
        for index in range(repeats):
            blocks.append(InvertedResidual(kernel_size, stride if index == 0 else 1, expansion, inputs, outputs))
            inputs = outputs
    model = nn.Sequential()
    model.add_module("stem", nn.Sequential(*conv_norm(3, 32, 3, 2), nn.ReLU6(inplace=True)))
    model.add_module("frozen_stages", nn.Sequential(*blocks[:-1]))
    model.add_module("last_stage", blocks[-1])
    model.add_module("head", nn.Sequential(*conv_norm(inputs, 1280), nn.ReLU6(inplace=True)))
    model.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    model.add_module("classifier", nn.Linear(1280, class_count))
    return model, "frozen_stages"


def from_torchvision(name, last_frozen, **options):
    def builder(class_count):
        import torchvision

        return getattr(torchvision.models, name)(num_classes=class_count, **options), last_frozen

    return builder


BUILDERS = {
    "efficientnet-lite0": efficientnet_lite0,
    "resnet50": from_torchvision("resnet50", "layer3"),
    "densenet121": from_torchvision("densenet121", "features.transition3"),
    "inception-v3": from_torchvision(
        "inception_v3", "Mixed_7b", aux_logits=False, init_weights=False, transform_input=False, dropout=0.0
    ),
    "mobilenet-v2": from_torchvision("mobilenet_v2", "features.16", dropout=0.0),
}
