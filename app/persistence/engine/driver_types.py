"""The types of what is used of asyncpg, which publishes none."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Row = Mapping[str, Any]


class AsyncpgConnection(Protocol):
    async def execute(self, sql: str, *values: object, timeout: float | None = None) -> str: ...  # noqa: ASYNC109  # its name there

    async def fetch(self, sql: str, *values: object, timeout: float | None = None) -> list[Row]: ...  # noqa: ASYNC109  # its name there

    async def fetchrow(self, sql: str, *values: object) -> Row | None: ...

    async def fetchval(self, sql: str, *values: object) -> Any: ...

    def is_closed(self) -> bool: ...

    def is_in_transaction(self) -> bool: ...

    def terminate(self) -> None: ...

    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109  # its name there

    async def add_listener(self, channel: str, callback: Callable[[Any, int, str, str], None]) -> None: ...

    def add_termination_listener(self, callback: Callable[[Any], None]) -> None: ...
