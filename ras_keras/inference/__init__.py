"""Predictions of a trained model, in every format."""
