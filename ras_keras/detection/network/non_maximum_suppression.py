"""From a detector's outputs to the boxes that it finds."""

from typing import Any

import keras
from keras import ops
from keras.utils import bounding_boxes

from ras_keras.detection.network.anchors import Anchors
from ras_keras.detection.network.matching import decode
from ras_keras.values.checks import check_at_least_one


@keras.saving.register_keras_serializable("ras_keras")
class NonMaximumSuppression(keras.layers.Layer):
    """Boxes, scores and classes out of offsets and logits.

    Of each level the anchors with the highest scores are decoded and clipped to the image. Then,
    `max_detections` times, the box and class with the highest score are taken, and that class is
    struck out of all boxes that overlap the taken one by more than `iou_threshold`.

    Args:
        height: of the images, in pixels.
        width: likewise.
        anchor_scale: as for `RetinaNet`.
        score_threshold: from 0 to 1; a box with a score above it is found, one with this score is
            not.
        iou_threshold: intersection over union above which two boxes of a class are one object.
        max_detections: boxes of an image.
        pre_nms_top_k: anchors of a level that are looked at.

    Inputs:
        {"boxes": (N, A, 4), "classes": (N, A, classes)}, as `RetinaNet` returns them.

    Outputs:
        {"boxes": (N, M, 4), "scores": (N, M), "classes": (N, M)}, float32, float32 and int32, with
        M of `max_detections`, by falling scores: left, top, right and bottom in pixels; where
        nothing more is found, zeros, 0 and -1.

    Source: Lin et al., arXiv 1708.02002, section 4, with the numbers of mmdetection 2.
    """

    def __init__(
        self,
        height: int,
        width: int,
        anchor_scale: float = 4.0,
        score_threshold: float = 0.05,
        iou_threshold: float = 0.5,
        max_detections: int = 100,
        pre_nms_top_k: int = 1000,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32"} | kwargs)
        for name, value in (("score_threshold", score_threshold), ("iou_threshold", iou_threshold)):
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must be between 0 and 1. Received: {name}={value!r}")
        self.score_threshold = float(score_threshold)
        self.iou_threshold = float(iou_threshold)
        self.max_detections = check_at_least_one("max_detections", max_detections)
        self.pre_nms_top_k = check_at_least_one("pre_nms_top_k", pre_nms_top_k)
        self.anchors = Anchors(height, width, float(anchor_scale))

    def call(self, outputs):
        scores, boxes = self._candidates(ops.sigmoid(outputs["classes"]), outputs["boxes"])
        scores = ops.where(scores > self.score_threshold, scores, 0.0)
        count, places, classes = ops.shape(scores)
        numbers, labels = ops.arange(places), ops.arange(classes)
        places_of_result = ops.arange(self.max_detections)

        def take_best(i, state):
            scores, found, found_scores, found_classes = state
            flat = ops.reshape(scores, (count, places * classes))
            # Keras's argmax on TensorFlow has an operation that no other runtime takes.
            score, best = (each[:, 0] for each in ops.top_k(flat, 1))
            place, label = best // classes, best % classes
            box = ops.take_along_axis(boxes, place[:, None, None], axis=1)
            overlap = bounding_boxes.compute_iou(box, boxes, "xyxy")[:, 0]
            out = (overlap > self.iou_threshold) | (numbers[None] == place[:, None])
            struck = out[..., None] & (labels[None] == label[:, None])[:, None]
            here = (places_of_result == i)[None] & (score > 0)[:, None]
            return (
                ops.where(struck, 0.0, scores),
                ops.where(here[..., None], box, found),
                ops.where(here, score[:, None], found_scores),
                ops.where(here, ops.cast(label, "int32")[:, None], found_classes),
            )

        state = (
            scores,
            ops.zeros((count, self.max_detections, 4)),
            ops.zeros((count, self.max_detections)),
            ops.full((count, self.max_detections), -1, dtype="int32"),
        )
        _, found, scores, labels = ops.fori_loop(0, self.max_detections, take_best, state)
        return {"boxes": found, "scores": scores, "classes": labels}

    def _candidates(self, scores, offsets):
        """The best anchors of every level: scores (N, K, classes) and boxes (N, K, 4)."""
        anchors = ops.convert_to_tensor(self.anchors.boxes())[None]
        chosen, start = [], 0
        for count in self.anchors.counts:
            own = ops.max(scores[:, start : start + count], axis=-1)
            _, best = ops.top_k(own, min(count, self.pre_nms_top_k))
            chosen.append(ops.cast(best, "int32") + start)
            start += count
        index = ops.concatenate(chosen, axis=1)[..., None]
        scores = ops.take_along_axis(scores, index, axis=1)
        offsets = ops.take_along_axis(offsets, index, axis=1)
        anchors = ops.take(anchors[0], index[..., 0], axis=0)
        sides = ops.convert_to_tensor([self.anchors.width, self.anchors.height] * 2, "float32")
        return scores, ops.minimum(ops.maximum(decode(anchors, offsets), 0.0), sides)

    def compute_output_spec(self, outputs):
        count = outputs["classes"].shape[0]
        return {
            "boxes": keras.KerasTensor((count, self.max_detections, 4)),
            "scores": keras.KerasTensor((count, self.max_detections)),
            "classes": keras.KerasTensor((count, self.max_detections), dtype="int32"),
        }

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "height": self.anchors.height,
            "width": self.anchors.width,
            "anchor_scale": self.anchors.scale,
            "score_threshold": self.score_threshold,
            "iou_threshold": self.iou_threshold,
            "max_detections": self.max_detections,
            "pre_nms_top_k": self.pre_nms_top_k,
        }


def detector(model, **options) -> keras.Model:
    """The model with boxes for its outputs: suppression stands in its graph.

    It can be saved and exported as any other.

    Args:
        model: a `RetinaNet`.
        **options: `score_threshold`, `iou_threshold`, `max_detections` and `pre_nms_top_k` of
            `NonMaximumSuppression`.

    Returns:
        A functional `keras.Model` that shares the weights, from raw pixels (N, H, W, 3) to the
        outputs of `NonMaximumSuppression`.
    """
    anchors = model.anchors
    suppression = NonMaximumSuppression(
        anchors.height, anchors.width, anchors.scale, **options, name="non_maximum_suppression"
    )
    return keras.Model(model.inputs, suppression(model.output), name="detector")
