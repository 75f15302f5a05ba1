"""The Prometheus metrics of the service. No label ever names a person."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client import multiprocess as several_processes

__all__ = [
    "BACKGROUND_TASK_FAILURES",
    "BACKGROUND_TASK_LAST_TURN",
    "CONTENT_TYPE",
    "DEAD_DELIVERIES",
    "DELIVERY_ATTEMPTS",
    "DELIVERY_LANES",
    "MULTIPROCESS_DIRECTORY",
    "OLDEST_UNDELIVERED_AGE",
    "OLDEST_UNSEQUENCED_AGE",
    "REQUEST_DURATION",
    "SESSION_DEEDS_FAILING",
    "SESSION_DEEDS_OLDEST_OPEN_AGE",
    "SESSION_DEEDS_OPEN",
    "SESSION_SEATS_TO_GIVE",
    "SUPPORT_OLDEST_OPEN_AGE",
    "SUPPORT_OPEN",
    "SUPPORT_OVERDUE",
    "UNDELIVERED_DELIVERIES",
    "WORKERS",
    "count_decisions",
    "exposition",
    "serve_worker_metrics",
]

MULTIPROCESS_DIRECTORY = (
    "PROMETHEUS_MULTIPROC_DIR"  # the library's name for the folder where several processes count together
)
DURATION_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REGISTRY = CollectorRegistry()

REQUEST_DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["method", "route", "status"],
    buckets=DURATION_BUCKETS_SECONDS,
    registry=REGISTRY,
)
DECISIONS = Counter("registration_decisions", "Decisions committed, by outcome.", ["outcome"], registry=REGISTRY)
REFUSAL_REASONS = Counter(
    "registration_refusal_reasons", "Reasons given by them, by code.", ["reason"], registry=REGISTRY
)
OLDEST_UNSEQUENCED_AGE = Gauge(
    "outbox_oldest_unsequenced_age_seconds",
    "Age of the oldest event without a position; 0 when none waits.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
OLDEST_UNDELIVERED_AGE = Gauge(
    "delivery_oldest_undelivered_age_seconds",
    "Age of the oldest delivery that has neither arrived nor been given up; 0 when there is none.",
    ["channel"],
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
UNDELIVERED_DELIVERIES = Gauge(
    "delivery_undelivered",
    "Deliveries that have neither arrived nor been given up.",
    ["channel"],
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
DEAD_DELIVERIES = Gauge(
    "delivery_dead",
    "Deliveries given up and not asked for again, of the last 90 days.",
    ["channel"],
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
DELIVERY_LANES = Gauge(
    "delivery_lanes",
    "Receivers by the state of their circuit breaker: closed, open, half_open; disabled when it was given up.",
    ["channel", "state"],
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
WORKERS = Gauge(
    "workers",
    "Workers that listen to the database, on whatever machine.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SUPPORT_OPEN = Gauge(
    "support_requests_open",
    "Support requests that nobody has answered yet.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SUPPORT_OLDEST_OPEN_AGE = Gauge(
    "support_requests_oldest_open_age_seconds",
    "Age of the oldest of them; 0 when there is none.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SUPPORT_OVERDUE = Gauge(
    "support_requests_overdue",
    "Those whose last day to answer is over.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SESSION_DEEDS_OPEN = Gauge(
    "session_deeds_open",
    "Sessions moved, confirmed or cancelled, for which that is not done for all their registrations yet.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SESSION_DEEDS_OLDEST_OPEN_AGE = Gauge(
    "session_deeds_oldest_open_age_seconds",
    "Age of the oldest of them; 0 when there is none.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SESSION_DEEDS_FAILING = Gauge(
    "session_deeds_failing_registrations",
    "Registrations for which one of them failed, and is tried again.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
SESSION_SEATS_TO_GIVE = Gauge(
    "session_seats_to_give",
    "Free seats of sessions to come that somebody waits for.",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
DELIVERY_ATTEMPTS = Counter(
    "delivery_attempts", "Attempts settled, by what they came to.", ["channel", "outcome"], registry=REGISTRY
)
BACKGROUND_TASK_FAILURES = Counter(
    "background_failures",
    "Failures of what is done in the background, which begins again.",
    ["chore"],
    registry=REGISTRY,
)
BACKGROUND_TASK_LAST_TURN = Gauge(
    "background_last_turn_timestamp_seconds",
    "When a chore last came to the end of a turn without a failure: one that hangs shows by its age.",
    ["chore"],
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)

# What a worker counts; the API counts the rest, or reads it from the database when it is scraped.
WORKER_REGISTRY = CollectorRegistry()
for metric in (DELIVERY_ATTEMPTS, BACKGROUND_TASK_FAILURES, BACKGROUND_TASK_LAST_TURN):
    WORKER_REGISTRY.register(metric)


def count_decisions(decisions: Sequence[Mapping[str, Any]]) -> None:
    """Count committed rows of the table `decision`."""
    for decision in decisions:
        DECISIONS.labels(decision["outcome"]).inc()
        for refusal in decision["reasons"]:
            REFUSAL_REASONS.labels(refusal.code).inc()


def exposition() -> bytes:
    """All metrics of all processes of this server, in the Prometheus text format."""
    if MULTIPROCESS_DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    several_processes.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no annotation there
    return generate_latest(registry)


def serve_worker_metrics(host: str, port: int) -> None:
    """Serve those of a worker at this address. Raise OSError."""
    start_http_server(port, host, WORKER_REGISTRY)
