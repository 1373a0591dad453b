"""RetinaNet: its parts, its losses, and what makes boxes of its outputs."""
