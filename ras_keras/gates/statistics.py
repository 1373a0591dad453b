"""What a gate does over many images."""

import numpy as np

# A channel whose V deviates less over images is a constant. V stands near 0.27 at its start and
# bfloat16 has its numbers 0.002 apart there: half of that is lost in training on a GPU anyway.
CONSTANT = 1e-3
# Images whose gates are kept for the percentiles.
SAMPLE = 256


class GateStatistics:
    """Statistics of V over images that come batch by batch, in memory that does not grow with them.

    Args:
        images: how many will come.
        classes: that they are of; 1 without labels.
    """

    def __init__(self, images: int, classes: int = 1):
        self.stride = -(-images // SAMPLE)
        self.images = 0
        self.counts = np.zeros(classes)
        self.sample: list[np.ndarray] = []
        self.first = np.zeros(0)

    def add(self, v: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Takes a batch.

        Args:
            v: (n, C).
            labels: int (n,), in 0..classes.
        """
        if not self.images:
            # Sums of differences to it lose no digits where V hardly moves.
            self.first = v[0].astype("float64")
            self.sums = np.zeros((len(self.counts), v.shape[1]))
            self.squares = np.zeros(v.shape[1])
        differences = v - self.first
        labels = np.zeros(len(v), int) if labels is None else labels
        members = np.equal.outer(np.arange(len(self.counts)), labels).astype(float)
        self.counts += members.sum(axis=1)
        self.sums += members @ differences
        self.squares += np.square(differences).sum(axis=0)
        self.sample.append(v[-self.images % self.stride :: self.stride])
        self.images += len(v)

    @property
    def mean(self) -> np.ndarray:
        """Of each channel over the images, (C,)."""
        return self.first + self.sums.sum(axis=0) / self.images

    @property
    def variance(self) -> np.ndarray:
        """Of each channel over the images, (C,)."""
        mean = self.sums.sum(axis=0) / self.images
        return np.maximum(self.squares / self.images - np.square(mean), 0)

    @property
    def deviation(self) -> np.ndarray:
        """The standard deviation of each channel over the images, (C,)."""
        return np.sqrt(self.variance)

    @property
    def class_means(self) -> np.ndarray:
        """Of each channel over the images of each class, (classes, C); NaN for a class of none."""
        counts = np.where(self.counts, self.counts, np.nan)
        return self.first + self.sums / counts[:, None]

    @property
    def variance_between_classes(self) -> np.ndarray:
        """The part of each channel's variance that its classes' means have, (C,)."""
        squares = np.square(self.class_means - self.mean)
        return np.nansum(self.counts[:, None] * squares, axis=0) / self.images

    @property
    def spread(self) -> float:
        """The mean of the channels' deviations."""
        return float(self.deviation.mean())

    @property
    def moving(self) -> float:
        """The share of channels that are no constants."""
        return float((self.deviation >= CONSTANT).mean())

    @property
    def class_share(self) -> float | None:
        """The share of the variance that is between classes; None for a constant or one class."""
        if self.spread < CONSTANT or len(self.counts) == 1:
            return None
        return float(self.variance_between_classes.sum() / self.variance.sum())

    def percentile(self, percent: float) -> float:
        """Of V over channels and images, those of a sample that is evenly spaced."""
        return float(np.percentile(np.concatenate(self.sample), percent))
