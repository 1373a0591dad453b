"""What the families of networks are made of."""
