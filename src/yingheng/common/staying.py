"""Rows that stay as they are: database triggers that refuse changes, whoever asks and by whatever program.

SQLite drops the triggers of a table that a migration rebuilds, so such a migration calls `install` again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

_NAMES = ("no_edit", "no_return", "no_delete", "no_truncate", "no_update", "insert_only")  # the last two: older ones


@dataclass(frozen=True, slots=True)
class Stays:
    """A table of which no row is changed or deleted.

    `free` columns may change all the same, until `closed` holds (SQL on OLD and NEW).  `when` (SQL on OLD) limits all
    of it to the rows for which it holds: those that are no drafts any more.
    """

    table: str
    free: tuple[str, ...] = ()
    closed: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of one app; `app` names the function that refuses, on PostgreSQL, `message` is what it says."""

    app: str
    message: str
    tables: tuple[Stays, ...]

    def install(self, connection: BaseDatabaseWrapper) -> None:
        """Put the triggers in place (again: safe to repeat) on the tables that exist already."""
        self.remove(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                refusal = f"RAISE EXCEPTION '{self.message}' USING ERRCODE = 'integrity_constraint_violation'"
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {self.app}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN {refusal}; END $$"
                )
            for one in self._present(connection):
                columns = [c.name for c in connection.introspection.get_table_description(cursor, one.table)]
                for statement in self._statements(one, columns, connection.vendor):
                    cursor.execute(statement)

    def remove(self, connection: BaseDatabaseWrapper) -> None:
        """Take them away: only for reversing the migration and for emptying a test database."""
        with connection.cursor() as cursor:
            for one in self._present(connection):
                on = f" ON {one.table}" if connection.vendor == "postgresql" else ""
                for name in _NAMES:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {one.table}_{name}{on}")

    def _present(self, connection: BaseDatabaseWrapper) -> list[Stays]:
        known = set(connection.introspection.table_names())  # an older migration does not know the younger tables
        return [one for one in self.tables if one.table in known]

    def _statements(self, one: Stays, columns: list[str], vendor: str) -> Iterator[str]:
        refuse = (
            f"EXECUTE FUNCTION {self.app}_refuse()"
            if vendor == "postgresql"
            else f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        )
        kept = ", ".join(f'"{name}"' for name in columns if name not in one.free)
        refused = [("no_edit", f"UPDATE OF {kept}", one.when), ("no_delete", "DELETE", one.when)]
        if one.closed:
            refused.append(("no_return", "UPDATE OF " + ", ".join(one.free), one.closed))
        for name, what, when in refused:
            rows = f"FOR EACH ROW WHEN ({when})" if when else "FOR EACH ROW"
            yield f"CREATE TRIGGER {one.table}_{name} BEFORE {what} ON {one.table} {rows} {refuse}"
        if vendor == "postgresql" and not one.when:
            yield f"CREATE TRIGGER {one.table}_no_truncate BEFORE TRUNCATE ON {one.table} FOR EACH STATEMENT {refuse}"
