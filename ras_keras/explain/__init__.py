"""What a network looks at: its gates, their recurrence, and the places of an image."""

from ras_keras.explain.grad_cam import GradCam

__all__ = ["GradCam"]
