"""Database triggers: signatures never change, of an attachment only its removal may be written, none is deleted.

A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

FREE = {
    "documents_attachment": ("removed_by_name", "removed_at", "removed_reason"),
    "documents_signature": (),
}
_MESSAGE = "documents are append-only"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    body = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION documents_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            body = "EXECUTE FUNCTION documents_refuse()"
        for table, free in FREE.items():
            if table not in present:
                continue
            columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
            kept = ", ".join(f'"{name}"' for name in columns if name not in free)
            refused = {"no_edit": (f"UPDATE OF {kept}", ""), "no_delete": ("DELETE", "")}
            if free:
                refused["no_return"] = ("UPDATE OF " + ", ".join(free), "WHEN (OLD.removed_at IS NOT NULL)")
            for name, (what, when) in refused.items():
                cursor.execute(f"CREATE TRIGGER {table}_{name} BEFORE {what} ON {table} FOR EACH ROW {when} {body}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in FREE.keys() & present:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for name in ("no_edit", "no_return", "no_delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}")
