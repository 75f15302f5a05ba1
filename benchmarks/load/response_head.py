"""The little of an HTTP answer that a load generator reads."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WITHOUT_BODY = {204, 304}


def parse_head(received: bytes) -> tuple[int, int, int] | None:
    """Status, length of the head and length of the whole answer in bytes; None until the head is complete.

    Raise ValueError when the answer does not say its length.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    status, head = int(received[9:12]), end + 4
    if status in _WITHOUT_BODY:
        return status, head, head
    length = _LENGTH.search(received, 0, end)
    if length is None:
        raise ValueError(received[:end])
    return status, head, head + int(length[1])
