"""What is said before a detector is trained."""

from collections.abc import Sequence

from ras_keras.detection.data.annotations import AnnotatedImages
from ras_keras.detection.network.retina_net import RetinaNet
from ras_keras.detection.recipes.named import NAMED, published_of
from ras_keras.detection.recipes.recipe import DetectionRecipe
from ras_keras.detection.training.prepared_boxes import PreparedBoxes
from ras_keras.runs.run_folder import RunFolder
from ras_keras.runs.state import Progress
from ras_keras.text.numbers import counted
from ras_keras.text.shown import shown
from ras_keras.training.plan import describe_descent, describe_device, trainable_parameters

# Held-out images below which the choice of an epoch by them is mostly chance.
FEW = 20
# Classes whose objects a plan counts.
MOST_NAMED = 20


def print_plan(
    recipe: DetectionRecipe,
    run: RunFolder,
    model: RetinaNet,
    data: PreparedBoxes,
    progress: Progress,
    uncovered: Sequence[str],
) -> None:
    """Says what is about to be done, on what."""
    named, descent, network = NAMED[recipe.recipe], recipe.descent, recipe.detector
    height, width = recipe.boxes.canvas
    watched = f"{len(data.watched):,}" if data.watched else "0"
    own = recipe.boxes.dataset.partition(":")[0] == named.recipe.boxes.dataset.partition(":")[0]
    paper = f" ({named.paper})" if named.paper else ""
    frozen = f", {counted(network.frozen_stages, 'stage')} frozen" if network.frozen_stages else ""
    lines = {
        "recipe": recipe.recipe + (f": {named.about}{paper}" if own else ", on other data"),
        "run": f"{run.path}{f', resumed after epoch {progress.epoch}' if progress.epoch else ''}",
        "network": f"RetinaNet over {network.describe_model()}, {network.describe_plugs()}, "
        f"{network.channels} channels, anchor scale {network.anchor_scale:g}{frozen}, "
        f"{trainable_parameters(model):,} trainable parameters",
        "data": f"{recipe.boxes.dataset}: {len(data.train):,} training images at {width}x{height} "
        f"with {data.train.box_counts.sum():,} objects, {watched} held out, {len(data.test):,} for "
        "the test",
        "classes": _counts(data.train),
        "augment": "mirroring" if recipe.boxes.mirror else "none",
        "descent": describe_descent(descent),
        "steps": f"epochs {progress.epoch + 1} to {descent.epochs}, each of "
        f"{counted(data.batches.steps_per_epoch, 'step')} of {descent.batch_size} images",
        "device": describe_device(model, recipe.execution),
    }
    if network.weights is not None:
        lines["weights"] = f"of the backbone from {network.weights}"
    published = published_of(recipe)
    if published:
        lines["published"] = (
            f"AP {published.ap} %, AP50 {published.ap50} %, AP75 {published.ap75} % on val2017"
        )
    for name, value in lines.items():
        print(f"{name:8} {value}")
    left_out = data.batches.left_out
    if data.watched and len(data.watched) < FEW:
        print(
            f"notice   the best epoch is chosen by {counted(len(data.watched), 'held-out image')}; "
            "more of them tell more"
        )
    for notice in (*data.notices, *uncovered, *([left_out] if left_out else ())):
        print(f"notice   {notice}")
    print("time     compiling, timing a few steps: ", end="", flush=True)


def _counts(images: AnnotatedImages) -> str:
    """The training objects of each class, such as "cat 120, dog 80"."""
    counted_classes = [*zip(images.class_names, images.box_counts, strict=True)]
    said = ", ".join(f"{shown(name)} {count:,}" for name, count in counted_classes[:MOST_NAMED])
    more = len(counted_classes) - MOST_NAMED
    return said + (f" and {more:,} more" if more > 0 else "")
