"""Database triggers that keep evidence append-only, whoever asks and by whatever program.

Of measurement sets and assessments only `is_current` may change; decisions, acceptances and baselines never change;
none is ever deleted.
A migration that rebuilds one of these tables must call `install` again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

# table -> columns that may change
TABLES = {
    "evidence_measurementset": ("is_current",),
    "evidence_assessment": ("is_current",),
    "evidence_decision": (),
    "evidence_acceptance": (),
    "evidence_baseline": (),
}
_MESSAGE = "evidence is append-only"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for statement in _statements(connection):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in TABLES.keys() & present:
            for verb in ("update", "delete", "truncate"):
                name = f"{table}_no_{verb}"
                if connection.vendor == "postgresql":
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                else:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def _statements(connection: BaseDatabaseWrapper) -> Iterator[str]:
    present = set(connection.introspection.table_names())  # an older migration does not know the younger tables
    for table, free in TABLES.items():
        if table not in present:
            continue
        with connection.cursor() as cursor:
            columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
        kept = ", ".join(f'"{name}"' for name in columns if name not in free)
        verbs = {"update": f"UPDATE OF {kept}", "delete": "DELETE"}
        if connection.vendor == "postgresql":
            verbs["truncate"] = "TRUNCATE"
        for verb, what in verbs.items():
            body = (
                "FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse()"
                if connection.vendor == "postgresql"
                else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
            )
            yield f"CREATE TRIGGER {table}_no_{verb} BEFORE {what} ON {table} {body}"
