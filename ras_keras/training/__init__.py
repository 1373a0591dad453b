"""A recipe goes in, a run folder comes out."""

from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.recipes.starts import RECIPES
from ras_keras.runs.run_folder import RunFolder

# The name that `ras_keras.gates` had until 0.5.
from ras_keras.training import gates  # noqa: F401
from ras_keras.training.callbacks import Interrupted
from ras_keras.training.completion import train_here, train_or_resume
from ras_keras.training.evaluation import Evaluation, evaluate
from ras_keras.training.recipe_check import check_recipe
from ras_keras.training.trainer import train

__all__ = [
    "RECIPES",
    "Evaluation",
    "Interrupted",
    "Recipe",
    "RunFolder",
    "check_recipe",
    "evaluate",
    "resolve",
    "train",
    "train_here",
    "train_or_resume",
]
