"""What the fork server of tests/forks.py imports before it forks: all that a started program would import.

Commands import what they run when they run it, hence every module of `app` here, and what those import late.
"""

import gc
import importlib
import pkgutil

import fastapi_offline
import uvloop

import app
from tests import fake_clock, forks
from tests.outbox.webhooks import webhook_builders

__all__ = ["fake_clock", "fastapi_offline", "forks", "uvloop", "webhook_builders"]

for _module in pkgutil.walk_packages(app.__path__, "app."):
    if _module.name != "app.__main__":  # it is what a fork runs
        importlib.import_module(_module.name)
# No fork copies this memory merely to look for garbage in it.
gc.freeze()
