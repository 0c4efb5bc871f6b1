"""Dimensions of cells as values of a query."""

from __future__ import annotations

from django.db.models import TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import NullIf


def dimension_of(name: str) -> NullIf:
    """The text of a dimension; NULL where a cell has none.  SQLite alone reads a null of JSON as the word."""
    return NullIf(KT(f"dimensions__{name}"), Value("null", output_field=TextField()), output_field=TextField())
