"""Weights that PyTorch trained."""
