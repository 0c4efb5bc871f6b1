"""A staff list as a hospital sends it: which column is what, and what is wrong with a row.  Pure: no database."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from yingheng.common.errors import Invalid
from yingheng.common.tabular import Limits, TableRefused, table_read

MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
_HEADS = {
    "number": ("工号", "职工号", "员工号", "员工编号", "人员编号", "职工编号", "编号", "staff number", "staff_number",
               "number", "id"),
    "name": ("姓名", "名字", "职工姓名", "人员姓名", "name"),
    "category": ("岗位", "类别", "人员类别", "职业", "职务", "职称", "岗位类别", "category", "occupation"),
}  # fmt: skip
#: Words of a post, the first that occurs counts: 设备工程师 is an engineer, 主任技师 a technologist.
_CATEGORIES = (
    ("technologist", ("技师", "技士", "技术员", "技术人员", "technologist", "radiographer", "technician")),
    ("physicist", ("物理师", "physicist")),
    ("engineer", ("工程师", "工程", "engineer")),
    ("nurse", ("护师", "护士", "护理", "nurse")),
    ("physician", ("医师", "医生", "主任医", "physician", "doctor", "radiologist")),
    ("other", ("其他", "其它", "行政", "登记", "other", "clerk")),
)
_LONGEST = {"number": 64, "name": 200}


@dataclass(frozen=True, slots=True)
class Entry:
    """A person on the list; `category` is "" where the list does not say."""

    line: int
    number: str
    name: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: a code of `registry.staff_...` and the text concerned."""

    line: int
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class StaffList:
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]


def staff_rows(data: bytes) -> Sequence[Sequence[str]]:
    """The rows of a file that holds a staff list.

    Invalid `registry.table_large` for too much, `registry.staff_columns` for nothing, `registry.table_unreadable` for
    what is no table.
    """
    try:
        return table_read(data, Limits(size=MOST_BYTES, rows=MOST_ROWS)).rows
    except TableRefused as exc:
        if exc.why == "empty":
            raise Invalid("registry.staff_columns") from exc
        if exc.why in {"bytes", "unpacked", "rows"}:
            raise Invalid("registry.table_large", most=MOST_ROWS) from exc
        raise Invalid("registry.table_unreadable") from exc


def staff_list(rows: Sequence[Sequence[str]]) -> StaffList:
    """The persons of a table whose first row that says anything names the columns.

    Invalid `registry.staff_columns` where number or name is not among them.  A row with a fault is left out, the
    others count; of rows with one number only the first counts.
    """
    told = [(line, row) for line, row in enumerate(rows, start=1) if any(row)]
    at = _columns(told[0][1]) if told else {}
    if not {"number", "name"} <= set(at):
        raise Invalid("registry.staff_columns")
    entries: dict[str, Entry] = {}
    faults: list[Fault] = []
    for line, row in told[1:]:
        found = _entry(line, {key: row[n] if n < len(row) else "" for key, n in at.items()})
        if isinstance(found, Entry) and found.number in entries:
            found = Fault(line, "registry.staff_twice", found.number)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            entries[found.number] = found
    return StaffList(tuple(entries.values()), tuple(faults))


def _columns(head: Sequence[str]) -> dict[str, int]:
    """Where each column stands; the first heading that fits."""
    plain = [unicodedata.normalize("NFKC", text).strip().casefold() for text in head]
    found: dict[str, int] = {}
    for key, words in _HEADS.items():
        place = next((n for n, text in enumerate(plain) if text in words), None)
        if place is not None:
            found[key] = place
    return found


def _entry(line: int, told: dict[str, str]) -> Entry | Fault:
    number, name = told["number"].strip(), told["name"].strip()
    for key, text, code in (("number", number, "registry.staff_no_number"), ("name", name, "registry.staff_no_name")):
        if not text:
            return Fault(line, code)
        if len(text) > _LONGEST[key]:
            return Fault(line, "registry.staff_long", text[:40])
    post = unicodedata.normalize("NFKC", told.get("category", "")).strip().casefold()
    category = next((key for key, words in _CATEGORIES if any(word in post for word in words)), "") if post else ""
    if post and not category:
        return Fault(line, "registry.staff_category", post[:40])
    return Entry(line, number, name, category)
