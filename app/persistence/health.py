"""Whether the database can serve."""

from sqlalchemy.exc import SQLAlchemyError

from app.persistence.database import Reader
from app.persistence.failures import UNREACHABLE, is_missing_schema


async def is_usable(reader: Reader) -> bool:
    """Whether it answers, with the schema and at least one policy."""
    try:
        row = await reader.one("SELECT version FROM policy LIMIT 1")
    except UNREACHABLE:
        return False
    except SQLAlchemyError:
        return False
    except Exception as failure:
        if is_missing_schema(failure):
            return False
        raise
    return row is not None
