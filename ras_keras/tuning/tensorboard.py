"""What TensorBoard's HParams tab shows of a search."""

from contextlib import closing
from pathlib import Path

from ras_keras.tuning.domains import Choices, Domain
from ras_keras.tuning.search import OBJECTIVE
from ras_keras.tuning.space import Space


def write_search(folder: Path, space: Space) -> None:
    """Says once what is searched and which metric counts."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import api

    def shown(domain: Domain):
        if isinstance(domain, Choices):
            return api.Discrete(domain.values)
        return (api.IntInterval if domain.integer else api.RealInterval)(domain.low, domain.high)

    if any(folder.glob("events.*")):
        return
    hparams = [api.HParam(name, shown(domain)) for name, domain in space.domains.items()]
    metric = api.Metric(OBJECTIVE, display_name="held-out accuracy of the best epoch")
    with closing(tf.summary.create_file_writer(str(folder))) as writer, writer.as_default():
        api.hparams_config(hparams=hparams, metrics=[metric])


def write_trial(run: Path, values: dict, accuracy: float, epochs: int) -> None:
    """Puts a trial that came to its end into the tab, its accuracy at its last epoch."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import api

    with closing(tf.summary.create_file_writer(str(run))) as writer, writer.as_default():
        api.hparams(values, trial_id=run.name)
        tf.summary.scalar(OBJECTIVE, accuracy, step=epochs)
