"""What a run depends on, in parts, and the recipes to start from."""

from ras_keras.recipes.data import DataRecipe
from ras_keras.recipes.execution import ExecutionRecipe
from ras_keras.recipes.network import NetworkRecipe
from ras_keras.recipes.optimization import OptimizationRecipe
from ras_keras.recipes.recipe import Recipe
from ras_keras.recipes.resolving import resolve
from ras_keras.recipes.starts import RECIPES

__all__ = [
    "RECIPES",
    "DataRecipe",
    "ExecutionRecipe",
    "NetworkRecipe",
    "OptimizationRecipe",
    "Recipe",
    "resolve",
]
