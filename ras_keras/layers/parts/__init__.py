"""What attention layers are made of."""
