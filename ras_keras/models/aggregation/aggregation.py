"""What a network asks of an aggregation."""


class Aggregation:
    """A state that the blocks of a network hand on; this one is empty and changes nothing.

    A network makes one, calls `start` on the map behind its stem, then for
    each block `enter` and `update`, and `leave` on its last map. A subclass
    keeps the state between the calls.
    """

    def start(self, x) -> None:
        """Makes the state that goes with the map `x` into the first block."""

    def enter(self, x, block: str):
        """What a block's first convolution takes in place of `x`: the state joined to it."""
        return x

    def update(self, block: str, strides: int, *, output, branch, shortcut) -> None:
        """Takes in what a block computed.

        Args:
            block: the block's name, "stage2_block1": the text before _ is that of its stage.
            strides: of the block.
            output: what it hands on.
            branch: its residual branch after the attention, before the addition.
            shortcut: what was added to it, None in a network without shortcuts.
        """

    def leave(self, x, activation: str = "relu"):
        """The network's last map with the state joined to it.

        Args:
            x: the map.
            activation: that the network ends in.
        """
        return x
