"""Database triggers: published templates and submitted sheets never change, whoever asks and by whatever program.

Of a published template only the withdrawal may be written, of a submitted sheet only whether it is the current one.
A migration that rebuilds one of the tables must call `install` again afterwards.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

FREE = {
    "sheets_template": ("state", "withdrawn_by_name", "withdrawn_at", "withdrawn_reason"),
    "sheets_response": ("is_current",),
}
_MESSAGE = "published sheets are never changed"
_RETURN = "OLD.state = 'withdrawn' OR (OLD.state = 'published' AND NEW.state <> 'withdrawn')"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    body = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION sheets_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            body = "EXECUTE FUNCTION sheets_refuse()"
        for table, free in FREE.items():
            if table not in present:
                continue
            columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
            kept = ", ".join(f'"{name}"' for name in columns if name not in free)
            refused = {
                "no_edit": (f"UPDATE OF {kept}", "OLD.state <> 'draft'"),
                "no_delete": ("DELETE", "OLD.state <> 'draft'"),
            }
            if "state" in free:
                refused["no_return"] = ("UPDATE OF " + ", ".join(free), _RETURN)
            for name, (what, when) in refused.items():
                cursor.execute(
                    f"CREATE TRIGGER {table}_{name} BEFORE {what} ON {table} FOR EACH ROW WHEN ({when}) {body}"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in FREE.keys() & present:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for name in ("no_edit", "no_return", "no_delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}")
