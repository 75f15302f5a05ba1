"""31 March: the last day of a right of the year before. Sessions are cancelled, moved and attended, refused requests are
put right, those who wait are promoted; and spreadsheets are imported meanwhile.

The day of a process cannot be chosen from outside: the deeds are those of that day, on sessions of next year and of the
last days.
"""

from datetime import timedelta

from benchmarks.rush.adviser_stories import MODULES, AdviserStory

REGISTRATIONS_PER_STORY = 1.25
STORIES = 4
WITHOUT_UPLOADED_CONTRACT = 2  # of STORIES: the rest when an adviser's number is divided


async def play(story: AdviserStory) -> None:
    """One of four deeds. Raise UnexpectedAnswerError."""
    match story.number % STORIES:
        case 0:
            await _cancel_and_promote(story)
        case 1:
            await _move(story)
        case 2:
            await _put_right_and_re_examine(story)
        case _:
            await _attend(story)


async def _cancel_and_promote(story: AdviserStory) -> None:
    """The right that is given back goes to the registration that waits."""
    funded = await story.register(MODULES[0], story.day_next_year(2), expected="accepted")
    waiting = await story.register(MODULES[1], story.day_next_year(3), expected="awaiting_choice")
    await story.act("cancellation", funded["id"], {}, expected="cancelled")
    await story.read(waiting["id"], expected="accepted")


async def _move(story: AdviserStory) -> None:
    registration = await story.register(MODULES[0], story.day_next_year(2), expected="accepted")
    etag = await story.read(registration["id"], expected="accepted")
    await story.move(registration["id"], etag, story.day_next_year(4))
    await story.read_training_record()


async def _put_right_and_re_examine(story: AdviserStory) -> None:
    registration = await story.register(MODULES[0], story.day_next_year(2), expected="refused")
    await story.upload_contract()
    await story.act("re-examination", registration["id"], {}, expected="accepted")


async def _attend(story: AdviserStory) -> None:
    """The session was some days ago; some did not come."""
    registration = await story.register(MODULES[0], story.today - timedelta(days=3), expected="accepted")
    outcome = "completed" if story.number % 8 < STORIES else "absent_unjustified"
    await story.act("attendance", registration["id"], {"outcome": outcome}, expected=outcome)
