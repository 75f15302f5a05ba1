"""The format of a response is the one that `Accept` prefers."""

import pytest
from starlette.responses import Response

from app.api.http.bodies.media_types import CSV, XLSX, negotiate_media_type, negotiated
from app.api.http.problems.problem_details import Problem

JSON = "application/json"
OFFERED = (JSON, CSV, XLSX)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("TEXT/CSV", CSV),
        (XLSX, XLSX),
        (f"{XLSX}, text/csv;q=0.9", XLSX),
        (f"{XLSX};q=0.8, text/csv;q=0.9", CSV),
        (f"application/json;q=0, {XLSX};q=0.001", XLSX),
        ("text/csv, */*;q=0.1", CSV),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("application/vnd.ms-excel, */*;q=0.1", JSON),
    ],
)
def test_the_preferred_one_is_chosen(accept: str | None, kind: str) -> None:
    assert negotiate_media_type(accept, OFFERED) == kind


@pytest.mark.parametrize("accept", ["", "nonsense", "application/pdf", "*/*;q=0", f"{XLSX};q=0"])
def test_none_of_them_is_a_problem_that_names_them(accept: str) -> None:
    with pytest.raises(Problem) as raised:
        negotiate_media_type(accept, OFFERED)

    assert raised.value.code == "not-acceptable"
    assert all(kind in raised.value.detail.fr for kind in OFFERED)


def test_a_cache_is_told_that_the_format_was_chosen() -> None:
    assert negotiated(Response()).headers["Vary"] == "Accept"
    assert negotiated(Response(headers={"Vary": "Accept-Language"})).headers["Vary"] == "Accept-Language, Accept"
