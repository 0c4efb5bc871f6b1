"""Database triggers: runs and values of tests are insert only, and a submitted test never changes.

A migration that rebuilds one of these tables must call `install` again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

INSERT_ONLY = ("phantomqc_phantomrun", "phantomqc_itemvalue", "phantomqc_instrumentreading")
SUBMITTED = "phantomqc_devicetest"
_MESSAGE = "what a test found is append-only"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION phantomqc_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for statement in _statements(connection):
            cursor.execute(statement)


def _statements(connection: BaseDatabaseWrapper) -> Iterator[str]:
    postgresql = connection.vendor == "postgresql"
    done = "EXECUTE FUNCTION phantomqc_refuse()" if postgresql else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    every = "FOR EACH STATEMENT " if postgresql else ""
    for table in _present(connection, INSERT_ONLY):
        for verb in ("UPDATE", "DELETE", *(("TRUNCATE",) if postgresql else ())):
            yield f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {every}{done}"
    for verb in ("UPDATE", "DELETE"):
        when = "FOR EACH ROW WHEN (OLD.state = 'submitted')"
        yield f"CREATE TRIGGER {SUBMITTED}_no_{verb.lower()} BEFORE {verb} ON {SUBMITTED} {when} {done}"


def _present(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> list[str]:
    """Those that exist already: migrations make them one after another."""
    known = set(connection.introspection.table_names())
    return [table for table in tables if table in known]


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    with connection.cursor() as cursor:
        for table in _present(connection, (*INSERT_ONLY, SUBMITTED)):
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for verb in ("update", "delete", "truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")
