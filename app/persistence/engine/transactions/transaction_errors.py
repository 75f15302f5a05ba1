"""How a transaction can end without its caller knowing the result, or not begin at all."""


class CommitOutcomeUnknown(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Nobody can say whether the transaction was committed."""


class CommitLost(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The connection was lost, and the transaction with it: the same request may be sent again."""


class RequestInFlight(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another request with the same idempotency key is being carried out."""
