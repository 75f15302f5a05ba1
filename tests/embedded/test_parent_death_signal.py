import os
import signal
import subprocess
import sys

import pytest

from tests.embedded.process_probes import CHECKOUT, only_on_linux

pytestmark = only_on_linux

_CHILD = """
import os, signal, sys, time
from app.embedded.parent_death_signal import stop_with_parent
parent = int(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"told\\n"), os._exit(0)))
if sys.argv[2] == "late":
    os.write(1, b"waiting\\n")
    while os.getppid() == parent:
        time.sleep(0.01)
stop_with_parent(signal.SIGTERM)
os.write(1, b"bound\\n")
time.sleep(30)
os.write(1, b"forgotten\\n")
"""
_PARENT = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]])
time.sleep(30)
"""
_BRIEF = """
import signal, time
from app.embedded.parent_death_signal import stop_with_parent
stop_with_parent(signal.SIGTERM)
time.sleep(0.3)
"""


@pytest.mark.parametrize(
    ("when", "before_the_death"),
    [("early", b"bound\n"), ("late", b"waiting\n")],
    ids=["the parent dies later", "the parent is dead already"],
)
def test_a_bound_process_is_told_when_its_parent_is_killed(when: str, before_the_death: bytes) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD, when],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == before_the_death
        os.kill(parent.pid, signal.SIGKILL)
        assert parent.stdout.readline() == b"told\n"


@pytest.mark.parametrize("new_session", [False, True])
def test_a_bound_process_lives_while_its_parent_does(*, new_session: bool) -> None:
    outcome = subprocess.run([sys.executable, "-c", _BRIEF], cwd=CHECKOUT, check=False, start_new_session=new_session)
    assert outcome.returncode == 0
