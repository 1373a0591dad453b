"""Random changes of training images, pure functions of (seed, step)."""
