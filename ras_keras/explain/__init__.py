"""What a network looks at: its gates, their recurrence, and the places of an image."""
