"""How far the gates of a stage follow from those before them: random forests' importances."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

TREES = 100
SEED = 0


def importances(means: list[np.ndarray]) -> np.ndarray:
    """What each earlier gate tells of each gate of a stage.

    For gate t a random forest of 100 trees predicts its mean over the channels from those of gates
    1 to t - 1. This is our reading of Fig. 5 of arXiv 1905.10671.

    Args:
        means: of each gate of a stage in turn, over its channels, (images,).

    Returns:
        (gates, gates): row t has the importances of gates 1 to t - 1, which add up to 1, or are 0
        where gate t is a constant; the rest is NaN.
    """
    found = np.full((len(means), len(means)), np.nan)
    for t in range(1, len(means)):
        forest = RandomForestRegressor(TREES, random_state=SEED)
        forest.fit(np.stack(means[:t], axis=1), means[t])
        found[t, :t] = forest.feature_importances_
    return found
