"""From a recipe to its data and its compiled network."""

import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import keras

from ras_keras.backend.policies import dtype_policy
from ras_keras.errors import Argument, ArgumentError, UserError
from ras_keras.files import write_atomically
from ras_keras.models.parts.starting_weights import CLASSIFIER, StartingWeights
from ras_keras.outputs.class_names import check_number, read_class_names
from ras_keras.outputs.class_order import class_order, differing_classes
from ras_keras.recipes.execution import JIT_COMPILE
from ras_keras.recipes.network import SAVED, NetworkRecipe, family_of
from ras_keras.recipes.optimization import OptimizationRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import given, resolve
from ras_keras.recipes.starts import start_of
from ras_keras.runs.run_folder import START, RunFolder
from ras_keras.runs.trained_model import TrainedModel
from ras_keras.training.least_network import least_images, least_network
from ras_keras.training.optimizer import make_optimizer
from ras_keras.training.prepared_data import Data, load_data
from ras_keras.training.saved_network import check_image_shape, saved_network

KERNEL, BIAS = "vars/0", "vars/1"


def recipe_data(
    recipe: Recipe,
    replicas: int = 1,
    runs: Sequence[RunFolder] = (),
    part: tuple[int, int] = (0, 1),
) -> Data:
    """The data of a resolved recipe, in batches that its network can be trained on.

    Raises:
        UserError: as `load_data` does.
    """
    try:
        return load_data(
            recipe.data,
            batch_size=given(recipe.optimization.batch_size),
            seed=recipe.execution.seed,
            least=least_images(least_network(recipe.network)),
            replicas=replicas,
            part=part,
            runs=runs,
        )
    except UserError as error:
        of_start = resolve(start_of(recipe)).optimization.batch_size
        asked = Argument("batch_size", recipe.optimization.batch_size)
        if asked not in error.args[:1] or asked.value != of_start:
            raise
        raise UserError(asked, f" (recipe {recipe.recipe})", *error.args[1:]) from error


def recipe_network(recipe: Recipe, data: Data) -> keras.Model:
    """Builds and compiles the recipe's network for its data."""
    return compiled_network(
        recipe,
        distributions=data.batches.augmentation.distributions,
        class_names=data.class_names,
        input_shape=data.image_shape,
        classes=len(data.class_names),
        mean=data.mean,
        variance=data.variance,
    )


def compiled_network(
    recipe: Recipe,
    *,
    distributions: bool = False,
    class_names: Sequence[str] | None = None,
    **of_images,
) -> keras.Model:
    """Builds and compiles a recipe's network; its random start follows the recipe's seed.

    Args:
        recipe: resolved.
        distributions: whether a label is a distribution over the classes.
        class_names: that the classes of the weights to start from are matched with.
        **of_images: of `ras_keras.models.image_classifier`: `input_shape`,
            `classes`, `mean` and `variance`.
    """
    network, descent, execution = recipe.network, recipe.optimization, recipe.execution
    keras.utils.set_random_seed(execution.seed)
    precision = given(execution.precision)
    with dtype_policy(precision):
        model, trained = _started(network, class_names, of_images)
        if descent.freeze:
            for layer in trained:
                layer.trainable = False
            if not model.trainable_variables:
                raise UserError(
                    Argument("freeze", True),
                    " leaves nothing to train, for the classifier of ",
                    Argument("weights", network.weights),
                    " is kept, which knows the classes; leave the former out.",
                )
        # A metric given by name makes its variables in the first step, which TensorFlow then
        # traces twice.
        metric = "CategoricalAccuracy" if distributions else "SparseCategoricalAccuracy"
        accuracy = getattr(keras.metrics, metric)(name="accuracy")
        model.compile(
            optimizer=make_optimizer(
                descent, precision, _rates(model, trained, descent), descent.average_weights
            ),
            loss="categorical_crossentropy" if distributions else "sparse_categorical_crossentropy",
            metrics=[accuracy],
            jit_compile=JIT_COMPILE[execution.jit],
            steps_per_execution=execution.steps_per_execution,
        )
    # So that its variables exist before the first step and can be captured.
    model.optimizer.build(model.trainable_variables)
    return model


def keep_weights(recipe: Recipe, run: RunFolder) -> None:
    """Copies the file of weights into a new run, which needs it to go on.

    It does where the file says what the network is, or which of its layers are new.

    Raises:
        UserError: if it cannot be copied.
    """
    descent, network = recipe.optimization, recipe.network
    if network.weights is None:
        return
    if network.family == SAVED or descent.freeze or descent.weights_rate != 1:
        file = TrainedModel.find(network.weights).path
        write_atomically(run.file(START), lambda path: shutil.copyfile(file, path))


def resumed(recipe: Recipe, run: RunFolder) -> Recipe:
    """The recipe by which a run that has begun goes on: with its copy of the weights, if any.

    The values that it started from are in its state.
    """
    file = run.file(START)
    return recipe.replace(weights=str(file) if file.is_file() else None)


def _started(
    network: NetworkRecipe, class_names: Sequence[str] | None, of_images: dict
) -> tuple[keras.Model, list[keras.layers.Layer]]:
    """A recipe's network, and those of its layers that start from a file."""
    if network.family == SAVED:
        with warnings.catch_warnings(record=True, action="always") as notices:
            made = saved_network(network, of_images["classes"])
        for notice in notices:
            if notice.category is UserWarning:
                print(f"notice   {notice.message}")
        check_image_shape(made.model, of_images["input_shape"], network.weights)
        kept = _start_classifier(made.model, network.weights, class_names)
        return made.model, [*made.trained, *([made.model.get_layer(CLASSIFIER)] if kept else [])]
    model = family_of(network.model).build(**network.arguments(), **of_images)
    if network.weights is None:
        return model, []
    kept = start_from(model, network.weights, class_names, network)
    return model, [layer for layer in model.layers if kept or layer.name != CLASSIFIER]


def _rates(model, trained, descent: OptimizationRecipe) -> list[float] | None:
    """A factor of the learning rate for each trainable variable, None for 1."""
    if descent.weights_rate == 1:
        return None
    slow = {id(variable) for layer in trained for variable in layer.trainable_variables}
    return [
        descent.weights_rate if id(variable) in slow else 1.0
        for variable in model.trainable_variables
    ]


def start_from(
    model: keras.Model,
    path: str | Path,
    class_names: Sequence[str] | None = None,
    network: NetworkRecipe | None = None,
) -> bool:
    """Gives a network the weights of a saved model, and says what becomes of its classifier.

    Args:
        model: the network.
        path: of a `.keras` file, or of a run folder, whose best.keras is taken.
        class_names: of the data. The classifier of the same classes is brought into their order,
            that of others starts anew; one without names goes by number.
        network: that the model was built of, for messages.

    Returns:
        Whether its classifier is among them, and does not start anew.

    Raises:
        UserError: if the saved model has other layers or shapes.
    """
    trained = TrainedModel.find(path)
    file = trained.path
    weights, notice = StartingWeights.read(file), None
    if class_names is not None:
        stored = weights.layers.get(CLASSIFIER)
        classifier, notice = _classifier(stored, read_class_names(file), class_names, file)
        weights = weights.with_classifier(classifier)
    try:
        weights.give_to(model)
    except ArgumentError as error:
        given, misfit, problem, way_out = error.args
        way_out = f"{way_out.removesuffix('.')}, or "
        as_it_is = Argument("model", SAVED), ", which takes the file's network as it is."
        difference = _difference(weights, trained, model, network)
        if difference:
            difference = ["it was saved with ", *difference]
            problem = f" ({problem})"
        raise UserError(given, misfit, *difference, problem, way_out, *as_it_is) from error
    if notice:
        print(f"notice   {file} {notice}")
    return weights.layers.get(CLASSIFIER) is not None


def _start_classifier(model, path, class_names) -> bool:
    """Gives the classifier of a saved network its weights, where it has classes of the same names.

    Returns:
        Whether it could.
    """
    file = TrainedModel.find(path).path
    stored, names = StartingWeights.read(file).layers.get(CLASSIFIER), read_class_names(file)
    arrays, notice = _classifier(stored, names, class_names or (), file)
    layer = model.get_layer(CLASSIFIER)
    places = {KERNEL: layer.kernel, BIAS: layer.bias}
    fits = arrays is not None and {name: array.shape for name, array in arrays.items()} == {
        name: tuple(variable.shape) for name, variable in places.items()
    }
    if notice:
        print(f"notice   {file} {notice}")
    elif not fits:
        print(f"notice   {file} has another kind of classifier: it starts anew")
    if fits:
        for name, variable in places.items():
            variable.assign(arrays[name])
    return fits


def _difference(weights, trained, model, network) -> list:
    """What the file was saved with and the network has not, as parts of an error."""
    if trained.recipe is None or network is None:
        named = weights.name is not None and weights.name != model.name
        return [f"{weights.name}, not {model.name}"] if named else []
    saved = trained.recipe.network
    found: list = []
    for name in ("model", "depth", "attention", "aggregation"):
        before, now = getattr(saved, name), getattr(network, name)
        if before != now:
            comma = [", "] if found else []
            found += [*comma, Argument(name, before), ", not ", str(now)]
    return found


def _classifier(arrays, names, wanted, file):
    """The arrays of a saved classifier for the wanted classes, None to start anew, and a notice."""
    if arrays is None:
        return None, f"has no classifier that is named {CLASSIFIER}: it starts anew"
    count = arrays[KERNEL].shape[-1] if KERNEL in arrays else 0
    if names is None:
        if count != len(wanted):
            return None, f"has {count} classes, not {len(wanted)}: the classifier starts anew"
        return arrays, "has no names of its classes: its classifier goes by number"
    check_number(file, names, count)
    order = class_order(wanted, names)
    if order is None:
        differing = differing_classes(names, wanted, "it", "the data set")
        return None, f"has other classes, {differing}: the classifier starts anew"
    if order == sorted(order):
        return arrays, None
    arrays = {place: array[..., order] for place, array in arrays.items()}
    return arrays, "has its classes in another order: its classifier goes by name"
