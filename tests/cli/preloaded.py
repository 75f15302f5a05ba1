"""What the program imports, sooner or later."""

import app.cli
import app.main
import app.worker
import tests.cli.warm

__all__ = ["app", "tests"]
