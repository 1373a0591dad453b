"""Where scripts of before 0.6 look for the networks in tests/convert."""

from tests.convert.authors_networks import Network, WideNetwork, randomized

__all__ = ["Network", "WideNetwork", "randomized"]
