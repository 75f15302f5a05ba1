"""Serving: a socket, and one process or several behind it."""

import errno
import gc
import os
import shutil
import socket
from typing import Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from app.logs import configure_logs
from app.metrics import MULTIPROCESS_DIRECTORY
from app.settings import Settings, SettingsError, read_settings

GRACE_SECONDS = 20


def serve_database(settings: Settings) -> None:
    """Serve the database of the settings until told to stop. Raise SettingsError."""
    settings, listener = bound(settings)
    typer.echo(f"Documentation : {settings.base_url}/docs")
    serve_until_told_to_stop(settings, listener)


def bound(settings: Settings) -> tuple[Settings, socket.socket]:
    """The listening socket, and settings that know its address, as does the environment. Raise SettingsError."""
    try:
        listener = listening_socket(settings.host, settings.port)
    except OSError as problem:
        raise SettingsError(_refused(settings, problem)) from None
    port = listener.getsockname()[1]
    base_url = settings.public_base_url or f"http://{settings.host}:{port}"
    settings = settings.model_copy(update={"port": port, "public_base_url": base_url})
    complete_environment(settings)
    return settings, listener


def _refused(settings: Settings, problem: OSError) -> str:
    if problem.errno in {errno.EADDRINUSE, errno.EACCES}:
        return f"PORT : {settings.host}:{settings.port} n’est pas libre ({problem.strerror}) ; PORT=0 en choisit un"
    return f"HOST : {settings.host} n’est pas une adresse de cette machine ({problem.strerror})"


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
        Multiprocess(server_config("app.cli.serving:application", settings.workers), [listener]).run()
    else:
        uvicorn.Server(server_config(_built(settings))).run([listener])


def application() -> Any:
    """That of one of several processes."""
    settings = read_settings()
    configure_logs(settings.log_level)
    return _built(settings)


def _built(settings: Settings) -> Any:
    gc.disable()  # until it serves: nearly all that is imported stays, and to look at it again and again takes a tenth
    from app.main import build

    return build(settings)


def server_config(app: Any, workers: int = 1) -> uvicorn.Config:
    """For an application, or the name of what makes it in each of several processes."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http="app.api.http.limits.connection_limits:LimitedHttpProtocol",
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
