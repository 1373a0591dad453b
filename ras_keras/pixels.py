"""Statistics of pixels, 0 to 255."""

# Of CIFAR-10's training images. The papers normalize all their data sets with them.
CIFAR10_MEAN = tuple(255 * mean for mean in (0.4914, 0.4822, 0.4465))
CIFAR10_VARIANCE = tuple((255 * deviation) ** 2 for deviation in (0.2023, 0.1994, 0.2010))
