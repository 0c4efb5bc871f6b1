"""Database triggers: what was decided about the use of a device is never changed nor deleted.

A migration that rebuilds the table must call `install` again afterwards.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "registry_usechange"
_MESSAGE = "the history of use is append-only"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    verbs = ["UPDATE", "DELETE"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            verbs.append("TRUNCATE")
            cursor.execute(
                "CREATE OR REPLACE FUNCTION registry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            body = "FOR EACH STATEMENT EXECUTE FUNCTION registry_refuse()"
        else:
            body = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for verb in verbs:
            cursor.execute(f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} {body}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    on = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for verb in ("update", "delete", "truncate"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}{on}")
