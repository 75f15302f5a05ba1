"""Carrying over what a bucket has left (report de droits, R27): decided once by the support desk, it then stays.

Source: the help article of 19/12/2024 on thematic modules.
"""

from datetime import date, timedelta

from app.domain.errors import NothingToCarryOver, OutsideScheme, TooLateToCarryOver
from app.domain.facts.adviser_file import AdviserFile, CarryOver
from app.domain.facts.calendar import first_day, last_day
from app.domain.facts.policy import Policy
from app.domain.rights.buckets import FIRST_YEAR, Bucket, counting_buckets
from app.domain.rights.entitlements import units_left


def carried_window(bucket: Bucket) -> tuple[date, date]:
    """From when to when, both included, a unit carried from this bucket is usable: in the year after the bucket's own,
    whatever its grace; after a first year, from the day after W to the end of the next year."""
    if bucket.name == FIRST_YEAR:
        return bucket.last_day + timedelta(days=1), last_day(bucket.last_day.year + 1)
    year = bucket.opens_on.year + 1
    return first_day(year), last_day(year)


def carry_over(
    file: AdviserFile, bucket_name: str, units: int, policy: Policy, *, decided_on: date, through: int
) -> CarryOver:
    """`units` of one of the adviser's buckets up to the civil year `through`, carried over on the day `decided_on`. At
    most what the bucket has left; a carry-over or a supplementary right can't be carried.

    Raise OutsideScheme, NothingToCarryOver, TooLateToCarryOver after the last day of the right that it makes.
    """
    if not file.adviser.in_scheme:
        raise OutsideScheme
    own = [item for item in counting_buckets(file, policy, through=through) if item.is_of_a_year]
    bucket = next((item for item in own if item.name == bucket_name), None)
    left = units_left(file, own).get(bucket_name, 0)
    if bucket is None or units > left:
        raise NothingToCarryOver(bucket_name, max(left, 0))
    opens_on, expires_on = carried_window(bucket)
    if decided_on > expires_on:
        raise TooLateToCarryOver(expires_on)
    return CarryOver(bucket_name, units, opens_on, expires_on)
