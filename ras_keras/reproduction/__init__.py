"""The papers' tables: what was published as recipes, what came out beside it."""
