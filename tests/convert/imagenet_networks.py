"""torchvision's and the RLA authors' PyTorch networks, with their names, at random weights.

Written from the published structures, so that an imported model can be compared with them.
"""

import torch
from torch import nn
from torch.nn import functional

MOBILE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
MOBILE += ((6, 160, 3, 2), (6, 320, 1, 1))


class SE(nn.Module):
    """The released squeeze and excitation: dense layers without biases."""

    def __init__(self, channels):
        super().__init__()
        hidden = channels // 16
        layers = [nn.Linear(channels, hidden, bias=False), nn.ReLU()]
        self.fc = nn.Sequential(*layers, nn.Linear(hidden, channels, bias=False), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


class ECA(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, size, padding=size // 2, bias=False)

    def forward(self, x):
        gate = self.conv(x.mean((2, 3))[:, None])
        return x * torch.sigmoid(gate)[:, 0, :, None, None]


class Block(nn.Module):
    """A bottleneck or basic block; with `state` channels its first convolution takes cat(x, h)."""

    def __init__(self, inputs, planes, stride, basic=False, groups=1, base=64, **rla):
        super().__init__()
        state, attention = rla.get("state", 0), rla.get("attention")
        self.basic = basic
        width = planes if basic else planes * base // 64 * groups
        outputs = planes if basic else 4 * planes
        if basic:
            self.conv1 = nn.Conv2d(inputs + state, width, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(width, outputs, 3, 1, 1, bias=False)
            widths = (width, outputs)
        else:
            self.conv1 = nn.Conv2d(inputs + state, width, 1, bias=False)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, groups=groups, bias=False)
            self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
            widths = (width, width, outputs)
        for i, channels in enumerate(widths, start=1):
            self.add_module(f"bn{i}", nn.BatchNorm2d(channels))
        if attention == "se":
            self.se = SE(outputs)
        if attention == "eca":
            self.eca = ECA(5 if outputs < 2048 else 7)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x, h=None):
        y = x if h is None else torch.cat((x, h), 1)
        last = 2 if self.basic else 3
        for i in range(1, last + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < last else y
        for name in ("se", "eca"):
            y = getattr(self, name)(y) if hasattr(self, name) else y
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's ResNet and ResNeXt."""

    def __init__(self, counts, classes, **options):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for stage, count in enumerate(counts):
            blocks, planes = [], 64 * 2**stage
            for i in range(count):
                blocks.append(Block(inputs, planes, 2 if stage and not i else 1, **options))
                inputs = planes if options.get("basic") else 4 * planes
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool2d(x, 3, 2, 1)
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))


class RLAResNet(nn.Module):
    """The released RLA-ResNet: the state takes in what a block hands on."""

    def __init__(self, counts, classes, state=32, attention=None):
        super().__init__()
        self.state = state
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        stages, norms, outs, recurrent, inputs = [], [], [], [], 64
        for stage, count in enumerate(counts):
            blocks, planes = [], 64 * 2**stage
            for i in range(count):
                stride = 2 if stage and not i else 1
                blocks.append(Block(inputs, planes, stride, state=state, attention=attention))
                inputs = 4 * planes
            stages.append(nn.ModuleList(blocks))
            norms.append(nn.ModuleList([nn.BatchNorm2d(state) for _ in range(count)]))
            outs.append(nn.Conv2d(inputs, state, 1, bias=False))
            recurrent.append(nn.Conv2d(state, state, 3, 1, 1, bias=False))
        self.stages, self.stage_bns = nn.ModuleList(stages), nn.ModuleList(norms)
        self.conv_outs, self.recurrent_convs = nn.ModuleList(outs), nn.ModuleList(recurrent)
        self.bn2 = nn.BatchNorm2d(state)
        self.fc = nn.Linear(inputs + state, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool2d(x, 3, 2, 1)
        h = torch.zeros(len(x), self.state, *x.shape[2:])
        parts = zip(self.stages, self.stage_bns, self.conv_outs, self.recurrent_convs, strict=True)
        for blocks, norms, out, recurrent in parts:
            for block, norm in zip(blocks, norms, strict=True):
                x = block(x, h)
                if h.shape[2:] != x.shape[2:]:
                    h = functional.avg_pool2d(h, 2, 2)
                h = recurrent(torch.tanh(norm(h + out(x))))
        x = torch.cat((x, torch.relu(self.bn2(h))), 1)
        return self.fc(x.mean((2, 3)))


def unit(inputs, outputs, size, stride=1, groups=1):
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU6())


class Inverted(nn.Module):
    """torchvision's block of a MobileNetV2."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = [unit(inputs, hidden, 1)] if expansion > 1 else []
        layers += [unit(hidden, hidden, 3, stride, hidden)]
        layers += [nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    """torchvision's."""

    def __init__(self, classes):
        super().__init__()
        layers, inputs = [unit(3, 32, 3, 2)], 32
        for expansion, outputs, count, stride in MOBILE:
            for i in range(count):
                layers.append(Inverted(inputs, outputs, 1 if i else stride, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers, unit(inputs, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class RLAInverted(nn.Module):
    """The RLA authors' block: the state joins behind the expansion."""

    def __init__(self, inputs, outputs, stride, expansion, state, attention):
        super().__init__()
        hidden = inputs * expansion
        if expansion > 1:
            self.conv1x1 = unit(inputs, hidden, 1)
        hidden += state
        depthwise = unit(hidden, hidden, 3, stride, hidden)
        project = nn.Conv2d(hidden, outputs, 1, bias=False)
        self.conv = nn.Sequential(depthwise, project, nn.BatchNorm2d(outputs))
        if attention == "eca":
            self.eca = ECA(1 if outputs < 96 else 3)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x, h):
        y = self.conv1x1(x) if hasattr(self, "conv1x1") else x
        y = self.conv(torch.cat((y, h), 1))
        y = self.eca(y) if hasattr(self, "eca") else y
        return (x + y if self.adds else y), y


class RLAMobileNetV2(nn.Module):
    """The released one: one recurrent convolution under five names, the state takes the branch."""

    def __init__(self, classes, state=32, attention=None, depthwise=True):
        super().__init__()
        self.state, inputs, stages, norms, outs = state, 32, [], [], []
        self.conv1 = unit(3, 32, 3, 2)
        for expansion, outputs, count, stride in MOBILE:
            blocks = []
            for i in range(count):
                step = 1 if i else stride
                blocks.append(RLAInverted(inputs, outputs, step, expansion, state, attention))
                inputs = outputs
            stages.append(nn.ModuleList(blocks))
            norms.append(nn.ModuleList([nn.BatchNorm2d(state) for _ in range(count)]))
            outs.append(nn.Conv2d(outputs, state, 1, bias=False))
        self.stages, self.stage_bns = nn.ModuleList(stages), nn.ModuleList(norms)
        self.conv_outs = nn.ModuleList(outs)
        groups = state if depthwise else 1
        recurrent = nn.Conv2d(state, state, 3, 1, 1, groups=groups, bias=False)
        self.recurrent_convs = nn.ModuleList([recurrent] * 5)
        self.bn2 = nn.BatchNorm2d(state)
        self.conv2 = unit(inputs + state, 1280, 1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        x = self.conv1(x)
        h = torch.zeros(len(x), self.state, *x.shape[2:])
        for blocks, norms, out in zip(self.stages, self.stage_bns, self.conv_outs, strict=True):
            for block, norm in zip(blocks, norms, strict=True):
                x, y = block(x, h)
                if h.shape[2:] != y.shape[2:]:
                    h = functional.avg_pool2d(h, 2, 2)
                h = self.recurrent_convs[0](torch.tanh(norm(h + out(y))))
        x = self.conv2(torch.cat((x, functional.relu6(self.bn2(h))), 1))
        return self.classifier(x.mean((2, 3)))
