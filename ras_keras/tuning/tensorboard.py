"""What TensorBoard's HParams tab shows of a search."""

from pathlib import Path

from ras_keras.tuning.domains import Choices
from ras_keras.tuning.space import Space

METRIC = "val_accuracy"


def write_search(folder: Path, space: Space) -> None:
    """Says once what is searched and which metric counts."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import api

    if any(folder.glob("events.*")):
        return
    hparams = []
    for name, domain in space.domains.items():
        if isinstance(domain, Choices):
            shown = api.Discrete(domain.values)
        elif domain.integer:
            shown = api.IntInterval(domain.low, domain.high)
        else:
            shown = api.RealInterval(domain.low, domain.high)
        hparams.append(api.HParam(name, shown))
    metric = api.Metric(METRIC, display_name="held-out accuracy of the best epoch")
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        api.hparams_config(hparams=hparams, metrics=[metric])
    writer.close()


def write_trial(run: Path, values: dict, accuracy: float, epochs: int) -> None:
    """Puts a trial that came to its end into the tab.

    Args:
        run: its run folder.
        values: the searched values.
        accuracy: the objective.
        epochs: of the run so far.
    """
    import tensorflow as tf
    from tensorboard.plugins.hparams import api

    writer = tf.summary.create_file_writer(str(run))
    with writer.as_default():
        api.hparams(values, trial_id=run.name)
        tf.summary.scalar(METRIC, accuracy, step=epochs)
    writer.close()
