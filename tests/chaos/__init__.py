"""Faults at random moments, counted: `make chaos` and `make rehearsal`. No part of the tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
