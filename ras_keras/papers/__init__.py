"""The papers' tables: recipes, results beside published figures."""
