"""Serving: a socket, and one process or several behind it."""

import os
import shutil
import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from app.api.http.limits.connection_limits import LimitedHttpProtocol
from app.logs import configure_logs
from app.main import build
from app.metrics import MULTIPROCESS_DIRECTORY
from app.settings import Settings

GRACE_SECONDS = 20


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind now, so that port 0 has its number before anything is printed. Raise OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without its protocol named, asyncio would not know it for TCP and would leave Nagle to delay every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def serve_until_told_to_stop(settings: Settings, listener: socket.socket) -> None:
    """Blocking. Several processes read the same settings from the environment, which the caller has completed."""
    configure_logs(settings.log_level)
    if settings.workers > 1:
        Multiprocess(server_config("app.main:from_environment", settings.workers), [listener]).run()
    else:
        uvicorn.Server(server_config(build(settings))).run([listener])


def server_config(app: Any, workers: int = 1) -> uvicorn.Config:
    """For an application, or the name of what makes it in each of several processes."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http=LimitedHttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES says whose
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def complete_environment(settings: Settings) -> None:
    """Say to the processes to come what this one found out: the embedded database, its secret, the port."""
    values = {
        "DATABASE_URL": settings.database_url.get_secret_value() if settings.database_url else "",
        "SECRET_KEY": settings.secret_key.get_secret_value() if settings.secret_key else "",
        "PUBLIC_BASE_URL": settings.public_base_url or "",
        "PORT": str(settings.port),
        "RUN_WORKER": str(settings.run_worker),
    }
    os.environ.update(values)
    if settings.workers > 1:
        counting = settings.data_dir.absolute() / "metrics"
        shutil.rmtree(counting, ignore_errors=True)
        counting.mkdir(parents=True)
        os.environ[MULTIPROCESS_DIRECTORY] = str(counting)
