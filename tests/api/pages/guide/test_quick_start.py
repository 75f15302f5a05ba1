"""The quick start does what the guide says, in each language, against a served demonstration."""

import asyncio
from subprocess import CompletedProcess

from tests.api.pages.guide.guide_programs import GuideProgram, sample_output
from tests.api.pages.guide.response_losing_proxy import first_answer_lost
from tests.live_server import LiveServer, serving

INES = "76c6dae1-74b7-5a57-8ca1-82fa3b04634d"
VALENTINE = "0aafeb1b-d9c5-5eb1-b6d9-a94cb533ead3"


def _asked(
    register: GuideProgram, served: LiveServer, adviser: str = INES, base_url: str = ""
) -> CompletedProcess[str]:
    settings = {"BASE_URL": base_url or served.base_url, "API_KEY": served.keys["platform"], "ADVISER_ID": adviser}
    return register.run(**settings)


def _registered(served: LiveServer) -> int:
    with served.client("platform") as platform:
        page = platform.get("/v1/registrations", params={"adviser_id": INES, "module_code": "parentalite-numerique"})
    return len(page.json()["data"])


def test_a_registration_is_decided(register: GuideProgram, served_demonstration: LiveServer) -> None:
    done = _asked(register, served_demonstration)

    assert (done.stdout, done.stderr) == (sample_output("accepted.txt"), "")


def test_a_refusal_is_read_with_all_its_reasons(register: GuideProgram, served_demonstration: LiveServer) -> None:
    done = _asked(register, served_demonstration, VALENTINE)

    assert (done.stdout, done.stderr) == (sample_output("refused.txt"), "")


def test_a_second_registration_to_a_session_is_told_of_the_first(
    register: GuideProgram, served_demonstration: LiveServer
) -> None:
    _asked(register, served_demonstration)

    done = _asked(register, served_demonstration)

    if register.command[0] == "bash":
        assert done.stderr.startswith("duplicate-registration : ")
    else:
        assert done.stdout == f"Déjà inscrit à cette session.\n{sample_output('accepted.txt')}"
    assert _registered(served_demonstration) == 1


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    register: GuideProgram, served_demonstration: LiveServer
) -> None:
    async with first_answer_lost(served_demonstration.base_url) as base_url:
        done = await asyncio.to_thread(_asked, register, served_demonstration, base_url=base_url)

    assert (done.stdout, done.stderr) == (sample_output("accepted.txt"), "")
    assert await asyncio.to_thread(_registered, served_demonstration) == 1


def test_a_program_waits_as_long_as_it_is_told(register: GuideProgram, served_demonstration: LiveServer) -> None:
    with serving(served_demonstration.database_url, per_minute=60) as limited:
        with limited.client("platform") as platform:
            while platform.get("/v1/modules").is_success:
                pass
        done = _asked(register, limited)

    assert (done.stdout, done.stderr) == (sample_output("accepted.txt"), "")


def test_an_error_is_said_with_its_code_and_its_page(register: GuideProgram, served_demonstration: LiveServer) -> None:
    done = _asked(register, served_demonstration, "76c6dae1-74b7-5a57-8ca1-000000000000")

    assert done.returncode == 1
    assert done.stderr.startswith("unknown-reference : ")
    assert f"{served_demonstration.base_url}/problems/unknown-reference" in done.stderr
