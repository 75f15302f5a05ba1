"""`make bench-delta`: the platform sends 4,000 advisers and 4,000 contracts each night, in two
requests of JSON objects, while registrations come in. Prints how long each night takes, from the first request to the
last line, what was left of the client's allowance, and how long a registration took before and meanwhile."""

import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
import orjson

from app.embedded.cluster import running_cluster
from app.persistence.administration.import_kind import ImportKind
from app.persistence.schema.migrations import migrate
from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import MODULE, adviser_id, populate
from benchmarks.server_processes import running_service, running_workers

LINES, KNOWN = 4_000, 20_000  # lines of each kind; advisers with registrations, in the database beforehand
FIRST_NEW, FIRST_REGISTERED = 10_000_000, 10_001  # the numbers of advisers: new ones, those who register meanwhile
REGISTRATIONS_A_SECOND, CALM_SECONDS, ALLOWANCE_A_MINUTE = 20.0, 8.0, 3_000


@dataclass(frozen=True, slots=True)
class Night:
    """What is sent: of which advisers, with what in a field that rules read."""

    name: str
    first: int
    day: str

    def objects(self, kind: ImportKind) -> Generator[Mapping[str, Any]]:
        for number in range(self.first, self.first + LINES):
            yield self._adviser(number) if kind is ImportKind.ADVISERS else self._contract(number)

    def _adviser(self, number: int) -> Mapping[str, Any]:
        history = {"entered_on": "2022-03-14", "ended_on": self.day}
        name = {"first_name": "Camille", "last_name": f"Exemple {number}", "email": f"camille.{number}@example.org"}
        return {"conum_id": number, **name, "department": "35", "initial_training": history}

    def _contract(self, number: int) -> Mapping[str, Any]:
        employer = {"siret": "21350238800019", "name": "Ville d’exemple", "legal_form": "public"}
        file = {"ds_file_number": "1234567", "contract_uploaded_on": self.day, "validated_on": "2022-12-20"}
        facts = {"type": "CDI", "starts_on": "2022-01-10", "employer": employer, "administrative_file": file}
        return {"conum_id": number, **facts}


NIGHTS = (
    Night("all new", FIRST_NEW, "2022-06-14"),
    Night("nothing changed", FIRST_NEW, "2022-06-14"),
    Night("all changed", FIRST_NEW, "2022-06-15"),
    Night("all changed, with registrations", 1, "2022-06-15"),
)


def send(client: httpx.Client, kind: ImportKind, night: Night) -> tuple[str, int]:
    """The address of the import, and what is left of the client's allowance."""
    content = b"\n".join(map(orjson.dumps, night.objects(kind)))
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": str(uuid4())}
    sent = client.post("/v1/imports", params={"kind": kind}, content=content, headers=headers).raise_for_status()
    return sent.headers["Location"], int(sent.headers["RateLimit"].partition("r=")[2].split(";")[0])


def finished(client: httpx.Client, address: str) -> Mapping[str, Any]:
    """What became of the import, once it has ended."""
    while (found := client.get(address).raise_for_status().json())["status"] not in {"done", "failed"}:
        time.sleep(0.25)
    return dict(found)


def play(client: httpx.Client, night: Night) -> str:
    """How long it took, and what became of the lines."""
    begun = time.monotonic()
    sent = [send(client, kind, night) for kind in (ImportKind.ADVISERS, ImportKind.CONTRACTS)]
    ended = [finished(client, address) for address, _ in sent]
    seconds = time.monotonic() - begun
    said = ", ".join(f"{each['imported']} imported, {each['rejected']} rejected" for each in ended)
    return f"{seconds:5.1f} s  ({said}; {sent[0][1] - sent[1][1]} of the allowance for the second file)"


class Registrations:
    """Registrations at a steady rate, each of another adviser of the dataset, and how long each took."""

    def __init__(self, client: httpx.Client) -> None:
        self._client, self._next = client, FIRST_REGISTERED

    def until(self, stop: Event) -> list[float]:
        """Milliseconds of each."""
        taken: list[float] = []
        due = time.monotonic()
        while not stop.is_set():
            taken.append(self._register())
            due += 1 / REGISTRATIONS_A_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
        return taken

    def _register(self) -> float:
        session = {"starts_on": "2027-05-13", "ends_on": "2027-05-14", "format": "remote"}
        asked = {"adviser_id": adviser_id(self._next), "module_code": MODULE, "session": session}
        self._next += 1
        begun = time.monotonic()
        body, headers = asked | {"training_organisation_id": str(LA_MEDNUM)}, {"Idempotency-Key": str(uuid4())}
        self._client.post("/v1/registrations", json=body, headers=headers).raise_for_status()
        return (time.monotonic() - begun) * 1000


def _wait() -> str:
    time.sleep(CALM_SECONDS)
    return ""


def meanwhile(registrations: Registrations, deed: Callable[[], str]) -> tuple[str, str]:
    """What the deed says, and the registrations that came in during it."""
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        registered = pool.submit(registrations.until, stop)
        try:
            said = deed()
        finally:
            stop.set()
        percentiles = quantiles(registered.result(), n=100)
    return said, f"registration p50 {percentiles[49]:.0f} ms, p99 {percentiles[98]:.0f} ms"


@contextmanager
def running_platform(folder: Path) -> Generator[httpx.Client]:
    """The platform, a client of a populated service with its worker."""
    with running_cluster(folder / "data") as cluster:
        cluster.create_database("delta")
        url = cluster.url("delta")
        migrate(url)
        headers = {"Authorization": f"Bearer {populate(cluster, url, KNOWN)['platform']}"}
        allowance = {"RATE_LIMIT_PER_MINUTE": str(ALLOWANCE_A_MINUTE)}
        with (
            running_service(url, allowance) as app,
            running_workers(url, 1),
            httpx.Client(base_url=app.base_url, headers=headers, timeout=60) as client,
        ):
            yield client


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="delta-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with running_platform(Path(name)) as client:
            registrations = Registrations(client)
            print(f"{'before':<32} {meanwhile(registrations, _wait)[1]}")
            for night in NIGHTS:
                said, registered = meanwhile(registrations, partial(play, client, night))
                print(f"{night.name:<32} {said}; {registered}", flush=True)


if __name__ == "__main__":
    main()
