"""What TensorBoard shows of a network that is being trained."""

from pathlib import Path

import numpy as np

from ras_keras.explain.gate_pictures import study_heat_map
from ras_keras.explain.gate_study import study_gates
from ras_keras.explain.grad_cam import GradCam, overlay
from ras_keras.explain.recurrence_picture import recurrence_picture
from ras_keras.training.callbacks import OnImages
from ras_keras.training.gates import Gates

SHOWN = 8
DPI = 80


class TrainingPictures(OnImages):
    """Draws the gates, their recurrence and Grad-CAM after some of the epochs.

    Grad-CAM is that of the most probable class, beside the first images. The weights and the
    course of the training stay as they would be without it.

    Args:
        folder: of the TensorBoard events.
        every: how many epochs lie between two drawings.
        epochs: of the whole run; the last one is drawn in any case.
    """

    def __init__(self, folder: Path, every: int, epochs: int):
        super().__init__()
        self.folder = folder
        self.every = every
        self.epochs = epochs

    def on_train_begin(self, logs=None):
        import tensorflow as tf

        self.gates = Gates(self.model)
        self.grad_cam = GradCam(self.model)
        self.writer = tf.summary.create_file_writer(str(self.folder))

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1
        if done % self.every and done != self.epochs:
            return
        import tensorflow as tf

        images = self.images[:SHOWN]
        beside = [
            np.hstack([np.broadcast_to(image, overlaid.shape), overlaid])
            for image, cam in zip(images, self.grad_cam(images), strict=True)
            for overlaid in [overlay(image, cam)]
        ]
        # Keras counts epochs from 0 in its curves.
        with self.writer.as_default(step=epoch):
            tf.summary.image("grad_cam", np.stack(beside), max_outputs=SHOWN)
            for name, figure in self._figures(done).items():
                tf.summary.image(name, _pixels(figure)[None])
        self.writer.flush()

    def _figures(self, epoch):
        if not self.gates.places:
            return {}
        study = study_gates(self.gates, [(self.images, None)], len(self.images))
        title = f"after epoch {epoch}, {len(self.images)} images"
        figures = {"gates": study_heat_map(study, f"The gates {title}")}
        if any(len(applications) > 1 for applications in study.recurrence):
            figures["recurrence"] = recurrence_picture(study, f"The recurrence {title}")
        return figures

    def on_train_end(self, logs=None):
        self.writer.close()


def _pixels(figure) -> np.ndarray:
    """A matplotlib Figure as uint8 (H, W, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
