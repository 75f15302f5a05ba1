"""How large the samples of the suite are. `make crash` and `make fuzz` take larger ones, for as long as one likes."""

import os

# Of each kill at each step: more than what a relay takes of a lane at once would leave unseen.
CRASH_ROUNDS = int(os.environ.get("CRASH_ROUNDS", "4"))
# What draws the order of disasters; the same each time unless another is asked for.
CRASH_SEED = int(os.environ.get("CRASH_SEED", "1"))
# Shared by several relays.
DELIVERIES = int(os.environ.get("DELIVERIES", "1000"))
# Of the fuzzer, for each role: None is a few requests for each operation, the same each time.
FUZZ_SECONDS = os.environ.get("FUZZ_SECONDS")
