"""Database triggers: what was published is never changed nor deleted, only withdrawn; withdrawn stays withdrawn.

A migration that rebuilds the table must call `install` again afterwards.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "rulebook_ruleedition"
FREE = ("state", "withdrawn_by_id", "withdrawn_by_name", "withdrawn_at", "withdrawn_reason")
NAMES = ("no_edit", "no_return", "no_delete")
_MESSAGE = "published rules are never changed"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place (again: safe to repeat)."""
    remove(connection)
    with connection.cursor() as cursor:
        columns = [c.name for c in connection.introspection.get_table_description(cursor, TABLE)]
        kept = ", ".join(f'"{name}"' for name in columns if name not in FREE)
        refused = {
            "no_edit": (f"UPDATE OF {kept}", "OLD.state <> 'draft'"),
            "no_return": (
                "UPDATE OF " + ", ".join(FREE),
                "OLD.state = 'withdrawn' OR (OLD.state = 'published' AND NEW.state <> 'withdrawn')",
            ),
            "no_delete": ("DELETE", "OLD.state <> 'draft'"),
        }
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION rulebook_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            body = "EXECUTE FUNCTION rulebook_refuse()"
        else:
            body = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for name, (what, when) in refused.items():
            cursor.execute(f"CREATE TRIGGER {TABLE}_{name} BEFORE {what} ON {TABLE} FOR EACH ROW WHEN ({when}) {body}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take them away: only for reversing the migration and for emptying a test database."""
    on = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in NAMES:
            cursor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_{name}{on}")
