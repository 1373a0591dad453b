"""What is said to a request that cannot be answered now."""


class Busy(Exception):
    """A request that is to come again.

    Args:
        message: a sentence for whoever asked.
        seconds: until it is worth asking again.
    """

    def __init__(self, message: str, seconds: float = 1):
        super().__init__(message)
        self.retry_after = max(1, min(60, round(seconds)))


STOPPING = "the server is being stopped."
