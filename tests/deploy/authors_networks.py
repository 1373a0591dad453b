"""The structure of the authors' PyTorch networks, with their names, at random weights."""

import torch
from torch import nn

WIDTHS = (16, 32, 64)


class Bottleneck(nn.Module):
    """A block of the RAS authors' ResNet, or with `preactivated` of the PreResNet."""

    def __init__(self, inputs, width, stride, preactivated, attention, k):
        super().__init__()
        outputs = 4 * width
        self.preactivated, self.attention, self.k = preactivated, attention, k
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        for i, channels in enumerate((inputs, width, width) if preactivated else (width, width)):
            self.add_module(f"bn{i + 1}", nn.BatchNorm2d(channels))
        if not preactivated:
            self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            shortcut = [nn.Conv2d(inputs, outputs, 1, stride, bias=False)]
            self.downsample = nn.Sequential(
                *shortcut, *([] if preactivated else [nn.BatchNorm2d(outputs)])
            )
        if attention == "ras":
            self.w = nn.Parameter(torch.zeros(outputs))
            self.b = nn.Parameter(torch.zeros(outputs))
            for i in range(1, k):
                self.add_module(f"bn{3 + i}", nn.BatchNorm2d(outputs))
        if attention == "dia" and preactivated:
            self.bn4 = nn.BatchNorm2d(outputs)
        if attention == "se":
            self.squeeze = nn.Conv2d(outputs, outputs // 16, 1)
            self.excite = nn.Conv2d(outputs // 16, outputs, 1)

    def forward(self, x):
        y, normalize = x, lambda i, y: torch.relu(getattr(self, f"bn{i}")(y))
        for i in (1, 2, 3):
            convolution = getattr(self, f"conv{i}")
            if self.preactivated:
                y = convolution(normalize(i, y))
            else:
                y = getattr(self, f"bn{i}")(convolution(y))
                y = torch.relu(y) if i < 3 else y
        if self.attention == "dia":
            y = self.bn4(y) if self.preactivated else y
        if self.attention == "ras":
            v = y.mean((2, 3), keepdim=True)
            for i in range(self.k):
                v = getattr(self, f"bn{3 + i}")(v) if i else v
                v = v * self.w[:, None, None] + self.b[:, None, None]
            y = y * torch.sigmoid(v)
        if self.attention == "se":
            v = torch.relu(self.squeeze(y.mean((2, 3), keepdim=True)))
            y = y * torch.sigmoid(self.excite(v))
        return y, x if self.downsample is None else self.downsample(x)


class Pair(nn.Module):
    def __init__(self, channels, outputs, ratio):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // ratio)
        self.fc2 = nn.Linear(channels // ratio, outputs)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class Cells(nn.Module):
    """The LSTM of a DIA stage."""

    def __init__(self, channels, cells, ratio):
        super().__init__()
        for part in ("w_ih", "w_hh"):
            first = Pair(channels, 4 * channels, ratio)
            others = [nn.Linear(channels, 4 * channels) for _ in range(cells - 1)]
            self.add_module(part, nn.ModuleList([first, *others]))

    def forward(self, x, state):
        following = []
        for input_gates, state_gates, (h, c) in zip(self.w_ih, self.w_hh, state, strict=True):
            i, f, g, o = (input_gates(x) + state_gates(h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            x = torch.sigmoid(o) * torch.sigmoid(c)
            following.append((x, c))
        return following


class DiaStage(nn.Module):
    def __init__(self, blocks, channels, activate, cells, ratio):
        super().__init__()
        self.ModuleList = nn.ModuleList(blocks)
        self.lstm = Cells(channels, cells, ratio)
        self.activate, self.cells = activate, cells

    def forward(self, x):
        state = None
        for block in self.ModuleList:
            y, shortcut = block(x)
            v = y.mean((2, 3))
            state = self.lstm(v, state or [(torch.zeros_like(v),) * 2] * self.cells)
            x = self.activate(y * state[-1][0][:, :, None, None] + shortcut)
        return x


class Stage(nn.Sequential):
    activate = None

    def forward(self, x):
        for block in self:
            x = self.activate(sum(block(x)))
        return x


class Network(nn.Module):
    """ResNet or PreResNet of `blocks` blocks a stage."""

    def __init__(
        self, blocks=2, classes=10, preactivated=False, attention=None, k=2, cells=1, ratio=4
    ):
        super().__init__()
        self.preactivated = preactivated
        activate = (lambda x: x) if preactivated else torch.relu
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        if not preactivated:
            self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for number, width in enumerate(WIDTHS, start=1):
            stack = []
            for index in range(blocks):
                stride = 2 if number > 1 and index == 0 else 1
                stack.append(Bottleneck(inputs, width, stride, preactivated, attention, k))
                inputs = 4 * width
            stage = Stage(*stack)
            stage.activate = activate
            if attention == "dia":
                stage = DiaStage(stack, inputs, activate, cells, ratio)
            self.add_module(f"layer{number}", stage)
        if preactivated:
            self.bn = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.conv1(x)
        x = x if self.preactivated else torch.relu(self.bn1(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        x = torch.relu(self.bn(x)) if self.preactivated else x
        return self.fc(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = None
        if inputs != outputs:
            self.convShortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        activated = torch.relu(self.bn1(x))
        y = self.conv2(torch.relu(self.bn2(self.conv1(activated))))
        return y + (x if self.convShortcut is None else self.convShortcut(activated))


class WideNetwork(nn.Module):
    """WRN of a block a stage, each in a container `layer`."""

    def __init__(self, widen_factor, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        inputs = 16
        for number, width in enumerate(WIDTHS, start=1):
            outputs = widen_factor * width
            stage = nn.Module()
            stage.layer = nn.Sequential(WideBlock(inputs, outputs, 2 if number > 1 else 1))
            self.add_module(f"block{number}", stage)
            inputs = outputs
        self.bn1 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.conv1(x)
        for stage in (self.block1, self.block2, self.block3):
            x = stage.layer(x)
        return self.fc(torch.relu(self.bn1(x)).mean((2, 3)))


def randomized(network, seed=0):
    """The network in inference, with all weights and statistics off their start.

    The classifier is scaled, so that no class is certain.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
        elif tensor.is_floating_point():
            near = 1.0 if name.endswith("weight") and tensor.ndim == 1 else 0.0
            spread = 0.3 if tensor.ndim == 1 else (2 / tensor[0].numel()) ** 0.5
            tensor.copy_(near + spread * torch.randn(tensor.shape, generator=generator))
    network.eval()
    classifier = network.fc if hasattr(network, "fc") else network.classifier[-1]
    with torch.no_grad():
        classifier.weight /= network(torch.randn(8, 3, 32, 32, generator=generator)).std()
    return network
