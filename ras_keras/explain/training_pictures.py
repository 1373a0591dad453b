"""What TensorBoard shows of a network that is being trained."""

from pathlib import Path

import numpy as np

from ras_keras.data.image_dataset import Images
from ras_keras.explain.grad_cam import GradCam, overlay
from ras_keras.gates.gates import Gates
from ras_keras.gates.pictures import study_heat_map
from ras_keras.gates.recurrence_picture import recurrence_picture
from ras_keras.gates.study import study_gates
from ras_keras.text.picture import literal
from ras_keras.training.callbacks import OnImages

SHOWN = 8
EXAMPLES_A_LINE = 2
DPI = 80


class TrainingPictures(OnImages):
    """Draws the gates, their recurrence and Grad-CAM after some of the epochs.

    Grad-CAM is that of the most probable class, beside images of different classes, which the
    picture "examples" shows with their classes. The weights and the
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
        self.examples = np.arange(min(SHOWN, len(self.images)))
        if self.labelled is not None:
            self.examples = of_different_classes(np.asarray(self.labelled.labels), SHOWN)
        self.writer = tf.summary.create_file_writer(str(self.folder))

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1
        if done % self.every and done != self.epochs:
            return
        import tensorflow as tf

        images = self._example_images()
        beside = [
            np.hstack([np.broadcast_to(image, overlaid.shape), overlaid])
            for image, cam in zip(images, self.grad_cam(images), strict=True)
            for overlaid in [overlay(image, cam)]
        ]
        figures = self._figures(done)
        if self.labelled is not None:
            figures["examples"] = self._labelled(
                self.labelled, beside, f"Grad-CAM after epoch {done}"
            )
        # Keras counts epochs from 0 in its curves.
        with self.writer.as_default(step=epoch):
            tf.summary.image("grad_cam", np.stack(beside), max_outputs=SHOWN)
            for name, figure in figures.items():
                tf.summary.image(name, _pixels(figure)[None])
        self.writer.flush()

    def _example_images(self):
        source = self.images if self.labelled is None else self.labelled.images
        return np.stack([np.asarray(source[number]) for number in self.examples])

    def _labelled(self, labelled: Images, beside, title):
        """The examples with their classes, as a matplotlib Figure."""
        from matplotlib.figure import Figure

        predicted = self.model.predict_on_batch(self._example_images()).argmax(axis=1)
        rows = -(-len(beside) // EXAMPLES_A_LINE)
        figure = Figure(figsize=(3.2 * EXAMPLES_A_LINE, 1.9 * rows + 0.4), layout="constrained")
        panels = figure.subplots(rows, EXAMPLES_A_LINE, squeeze=False).flat
        for axes in panels:
            axes.set_axis_off()
        for axes, picture, number, guess in zip(
            panels, beside, self.examples, predicted, strict=False
        ):
            truth = literal(self.class_names[int(labelled.labels[number])])
            guessed = literal(self.class_names[guess])
            axes.imshow(picture, interpolation="nearest")
            axes.set_title(f"{truth}, predicted {guessed}", fontsize=8)
        figure.suptitle(title, fontsize=10)
        return figure

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


def of_different_classes(labels: np.ndarray, count: int) -> np.ndarray:
    """Places of `count` images: the first of each class, then the next ones; in rising order."""
    _, firsts = np.unique(labels, return_index=True)
    firsts = np.sort(firsts)[:count]
    others = np.setdiff1d(np.arange(min(len(labels), 2 * count)), firsts)
    return np.sort(np.concatenate([firsts, others[: count - len(firsts)]]))


def _pixels(figure) -> np.ndarray:
    """A matplotlib Figure as uint8 (H, W, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
