"""What a detector's outputs cost."""

from keras import ops

from ras_keras.detection.network.matching import BACKGROUND, IGNORED, encode, match

ALPHA, GAMMA = 0.25, 2.0


def focal_loss(targets, logits):
    """Cross-entropy of sigmoids in which easy examples weigh little, element by element.

        FL(p_t) = -alpha_t (1 - p_t)^gamma log(p_t)

    with alpha 0.25 and gamma 2.

    Args:
        targets: float32, 0 or 1.
        logits: float32, of the same shape.

    Source: Lin et al., arXiv 1708.02002, Eq. (5).
    """
    probabilities = ops.sigmoid(logits)
    wrong = ops.where(targets > 0, 1 - probabilities, probabilities)
    weight = ops.where(targets > 0, ALPHA, 1 - ALPHA) * wrong**GAMMA
    # log(1 + exp(-|x|)) + max(x, 0) - x t, which is finite for every logit.
    entropy = ops.relu(logits) - logits * targets + ops.log1p(ops.exp(-ops.abs(logits)))
    return weight * entropy


def detection_losses(anchors, objects: dict, outputs: dict):
    """The losses of classes and of boxes over a batch, each a scalar.

    Both are sums over anchors, divided by the number of anchors that have an object.

    Args:
        anchors: float32, (A, 4).
        objects: of N images "boxes", (N, M, 4), left, top, right, bottom in pixels, and
            "classes", int (N, M), -1 where an image has no more.
        outputs: "boxes", (N, A, 4) deltas, and "classes", (N, A, classes) logits.

    Source: Lin et al., arXiv 1708.02002, section 4; absolute errors of boxes as in the RLA-Net
    paper's configuration.
    """
    boxes, classes = ops.cast(objects["boxes"], "float32"), ops.cast(objects["classes"], "int32")
    found = ops.stop_gradient(
        ops.map(lambda image: match(anchors, image[0], image[1] >= 0), (boxes, classes))
    )
    positive = found >= 0
    object_of = ops.maximum(found, 0)
    labels = ops.take_along_axis(classes, object_of, axis=1)
    count = ops.shape(outputs["classes"])[-1]
    targets = ops.one_hot(ops.where(positive, labels, BACKGROUND), count, dtype="float32")
    of_classes = ops.where(
        (found == IGNORED)[..., None], 0.0, focal_loss(targets, outputs["classes"])
    )
    own = ops.take_along_axis(boxes, object_of[..., None], axis=1)
    errors = ops.abs(outputs["boxes"] - ops.stop_gradient(encode(anchors, own)))
    of_boxes = ops.where(positive[..., None], errors, 0.0)
    positives = ops.maximum(ops.sum(ops.cast(positive, "float32")), 1.0)
    return ops.sum(of_classes) / positives, ops.sum(of_boxes) / positives
