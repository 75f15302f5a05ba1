"""The counts that the page of statistics shows, of one period."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.api.pages.statistics.statistics_charts import (
    CATEGORY_LABELS,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    MonthColumn,
    PlotCategory,
    TableLine,
    count_by_category,
    first_shown_month,
    month_columns,
    table_lines,
)
from app.api.pages.statistics.statistics_labels import AFTER_QUOTA_LABELS, TABLE_HEADINGS, Labels
from app.domain.facts.registration_terms import Status
from app.persistence.administration.statistics import Grouping, Measure, Period, count_registrations
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.sessions.session_statistics import FirstDays, SessionGrouping, count_sessions

BY_OUTCOME = (Grouping.STATUS, Grouping.FUNDING)
SHARE_GROUPINGS = (Grouping.TRAINING_ORGANISATION, Grouping.MODULE, Grouping.DEPARTMENT)


@dataclass(frozen=True, slots=True)
class StatisticsReader:
    """Counts the registrations that were asked for from `first` to `last`, and the sessions that begin then: those of
    the training organisation `owner` when there is one. `labels` are those of groups, `today` tells what is over."""

    reader: Reader
    owner: UUID | None
    first: date
    last: date
    labels: Labels
    today: date

    async def count(
        self, *groups: Grouping, measures: tuple[Measure, ...] = (), period: Period | None = None
    ) -> list[Row]:
        days = period or Period(self.first, self.last)
        return await count_registrations(self.reader, days, groups, measures, owner=self.owner)

    async def totals(self) -> Row:
        return (await self.count(measures=tuple(Measure)))[0]

    async def categories(self) -> Counter[PlotCategory]:
        return count_by_category(await self.count(*BY_OUTCOME))

    async def reasons(self) -> list[TableLine]:
        """Of the registrations that are refused at present."""
        rows = [row for row in await self.count(Grouping.REASON, Grouping.STATUS) if row["status"] == Status.REFUSED]
        return table_lines(rows, "reason", self.labels)

    async def months(self) -> list[MonthColumn]:
        """The twelve months that end with the period, which may be shorter."""
        months = Period(first_shown_month(self.last), self.last)
        rows = await self.count(Grouping.MONTH, *BY_OUTCOME, period=months)
        return month_columns(rows, self.last)

    async def answers(self) -> list[TableLine]:
        """What the registrations that were over quota have become."""
        rows = [row for row in await self.count(Grouping.OVER_QUOTA) if row["over_quota"] is not None]
        return table_lines(rows, "over_quota", AFTER_QUOTA_LABELS)

    async def shares(self, group: Grouping) -> list[TableLine]:
        return table_lines(await self.count(group, measures=(Measure.FUNDED,)), group, self.labels)

    async def sessions(self, *groups: SessionGrouping) -> list[Row]:
        days = FirstDays(self.first, self.last)
        return await count_sessions(self.reader, days, groups, owner=self.owner, today=self.today)

    async def sessions_by_module(self) -> list[Row]:
        """Each with the title of its module."""
        rows = await self.sessions(SessionGrouping.MODULE)
        return [{**row, "module_code": self.labels.get(row["module_code"], (row["module_code"],))[0]} for row in rows]

    async def tables_context(self) -> dict[str, Any]:
        """What the template names of all this."""
        return {
            "whole": await self.totals(),
            "outcomes": await self.categories(),
            "labels": CATEGORY_LABELS,
            "reasons": await self.reasons(),
            "columns": await self.months(),
            "size": (PLOT_WIDTH, PLOT_HEIGHT),
            "answers": await self.answers(),
            "shares": {group: await self.shares(group) for group in SHARE_GROUPINGS},
            "headings": TABLE_HEADINGS,
            "all_sessions": (await self.sessions())[0],
            "sessions": await self.sessions_by_module(),
        }
