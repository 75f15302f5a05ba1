"""What must be true of a load shape once it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rush.load_shape import Played
from benchmarks.rush.queues import Queues
from benchmarks.rush.recorded_answers import RecordedAnswers

MOST_GROWTH = 0.10  # of memory, from a quarter of the time to its end
QUARTER, AROUND = 0.25, 0.05


@dataclass(frozen=True, slots=True)
class Claim:
    text: str
    holds: bool

    def __str__(self) -> str:
        return f"{'ok ' if self.holds else 'NO '} {self.text}"


def growth(samples: Sequence[float]) -> tuple[float, float]:
    """Of memory: around a quarter of the time, and at the end; medians, in the unit of the samples."""
    around, count = max(1, round(AROUND * len(samples))), len(samples)
    quarter = round(QUARTER * count)
    return median(samples[max(0, quarter - around) : quarter + around]), median(samples[-2 * around :])


def claims(
    answers: RecordedAnswers, played: Played, queues: Queues, drained_after: float, names: Sequence[str]
) -> list[Claim]:
    """`names` are those of the processes whose memory was sampled."""
    limited = sum(answers.limited.values())
    found = [
        Claim(f"nothing is refused but by 429: {len(answers.unexpected)} other refusals", not answers.unexpected),
        Claim(f"no answer 5xx: {answers.server_errors}", not answers.server_errors),
        Claim(f"a client that does not heed its limit is told so: {limited} answers 429", limited > 0),
        Claim(f"queues drained {drained_after:.1f} s after the end: {queues}", queues.are_drained),
        Claim(f"no delivery is given up: {queues.given_up}", not queues.given_up),
    ]
    for name, samples in zip(names, zip(*played.resident_mb, strict=True), strict=True):
        before, after = growth(samples)
        text = f"memory of the {name} is flat: {before:.0f} MB at a quarter, {after:.0f} MB at the end"
        found.append(Claim(text, after <= before * (1 + MOST_GROWTH)))
    return found
