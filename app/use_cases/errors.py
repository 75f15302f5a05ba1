"""What stops a use case before anything is decided; none of it is remembered for a replay."""


class UnknownReference(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The request names something that does not exist; `pointers` are the places (RFC 6901) in its body."""

    def __init__(self, *pointers: str) -> None:
        super().__init__(f"unknown reference: {', '.join(pointers)}")
        self.pointers = pointers


class Stale(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The caller's version is not the present one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the present version is {version}")
        self.version = version


class PreconditionMissing(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The resource exists and the caller did not say which version it changes."""


class ConumIdTaken(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another adviser has this ID Conum."""
