"""December: the year's last requests, most of them over quota. Their advisers are written to, and choose, or do not."""

from benchmarks.rush.adviser_stories import MODULES, AdviserStory

REGISTRATIONS_PER_STORY = 2.5


async def play(story: AdviserStory) -> None:
    """One adviser has the right of the year, and asks for one module or two more. Raise UnexpectedAnswerError."""
    await story.register(MODULES[0], story.day_next_year(2), expected="accepted")
    waiting = await story.register(MODULES[1], story.day_next_year(3), expected="awaiting_choice")
    if story.number % 2:
        await story.register(MODULES[2], story.day_next_year(4), expected="awaiting_choice")
    etag = await story.read(waiting["id"], expected="awaiting_choice")
    await story.read_again(waiting["id"], etag)
    await story.read_training_record()
    match story.number % 3:
        case 0:
            choice = {"choice": "keep", "payer": waiting["choices"][0]["payers"][0]}
            await story.act("choice", waiting["id"], choice, expected="accepted")
        case 1:
            await story.act("choice", waiting["id"], {"choice": "cancel"}, expected="cancelled")
        case _:
            pass  # no answer
