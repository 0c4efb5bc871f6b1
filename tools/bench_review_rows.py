"""Many rows quickly: a prototype made by the model gives every column, and what varies is put over it.

So the rows fit the tables of today whatever columns these have, and the database checks them as it checks any.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

BATCH = 20_000


def ids(table: int) -> Iterator[str]:
    """Ids of one table in rising order, as SQLite keeps them."""
    n = 0
    while True:
        n += 1
        yield uuid.UUID(int=(0x0190 << 112) | (table << 80) | (0x7000 << 64) | (0x8 << 60) | n).hex


def insert(prototype: Model, varying: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows that differ from the prototype in the columns `varying` (as the database keeps them)."""
    table = prototype._meta  # noqa: SLF001 - public by Django
    fields = table.concrete_fields
    columns = [field.column for field in fields]
    fixed = {f.column: f.get_db_prep_save(getattr(prototype, f.attname), connection) for f in fields}
    unknown = set(varying) - set(columns)
    if unknown:
        raise SystemExit(f"{table.label} has no column {unknown}")
    rest = [name for name in columns if name not in varying]
    names = ", ".join(f'"{name}"' for name in (*varying, *rest))
    places = ", ".join("?" for _ in columns)
    statement = f"INSERT INTO {table.db_table} ({names}) VALUES ({places})"  # noqa: S608 - names of columns
    tail, done, told = tuple(fixed[name] for name in rest), 0, iter(rows)
    raw = connection.connection
    while batch := [(*row, *tail) for row in islice(told, BATCH)]:
        raw.executemany(statement, batch)
        done += len(batch)
    return done


def grouped(rows: Iterable[Mapping[str, Any]], key: str) -> dict[Any, list[Mapping[str, Any]]]:
    """Rows by the value of a column."""
    found: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found
