"""Triggers that refuse what is written into an adviser's file whose version was not raised in the same transaction."""

import asyncpg

# The row of an adviser was raised, or inserted, by the transaction that is under way when it is its newest version.
CHECKS = """
CREATE FUNCTION check_file_version(adviser uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.adviser a WHERE a.id = adviser AND a.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE 'the file of % is written, and its version is not raised', adviser;
    END IF;
END
$$;
CREATE FUNCTION check_file_version_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.check_file_version(coalesce(NEW.adviser_id, OLD.adviser_id));
    RETURN NULL;
END
$$;
CREATE FUNCTION check_file_version_of_adviser() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.file_version = OLD.file_version THEN
        PERFORM public.check_file_version(NEW.id);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER file_version_guard BEFORE UPDATE OF department, in_scheme, initial_training_entered_on,
    initial_training_ended_on, former_units, former_entries, anonymised_at ON adviser
    FOR EACH ROW EXECUTE FUNCTION check_file_version_of_adviser()"""
ON_TABLE = """CREATE TRIGGER file_version_guard AFTER INSERT OR UPDATE OR DELETE ON {}
    FOR EACH ROW EXECUTE FUNCTION check_file_version_of_row()"""
GUARD = "; ".join(
    [CHECKS, *(ON_TABLE.format(table) for table in ("registration", "contract", "certification", "carry_over"))]
)


async def guard_file_versions(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(GUARD)
    await connection.close()
