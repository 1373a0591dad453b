"""Many runs that can be gone on with: one after the other here, or as tasks of a Ray cluster."""
