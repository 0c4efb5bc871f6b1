"""Every text of the platform has its Chinese: no gap, nothing fuzzy, the same placeholders."""

import re

import pytest
from tools import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def lost_placeholders(path) -> list[str]:
    """Sources whose translation names other placeholders than the source (or its plural) does."""
    found = []
    for message in messages.read(path):
        sources, targets = (v if isinstance(v, tuple | list) else [v] for v in (message.id, message.string))
        wanted = set(PLACEHOLDER.findall(sources[-1])) if message.id else set()
        found += [sources[0] for t in targets if message.id and t and set(PLACEHOLDER.findall(t)) != wanted]
    return found


def test_it_has_chinese_for_every_text():
    files = messages.po_files()
    assert files
    assert {path.name: gaps for path in files if (gaps := messages.untranslated(path))} == {}


def test_it_keeps_the_placeholders():
    assert {path.name: lost for path in messages.po_files() if (lost := lost_placeholders(path))} == {}


@pytest.mark.parametrize(
    ("entry", "untranslated", "lost"),
    [
        ('msgid "Exams"\nmsgstr "检查"', 0, 0),
        ('msgid "Exams"\nmsgstr ""', 1, 0),
        ('#, fuzzy\nmsgid "Exams"\nmsgstr "检查"', 1, 0),
        ('msgid "%(n)s exams"\nmsgstr "检查"', 0, 1),
        ('msgid "%(n)s exam"\nmsgid_plural "%(n)s exams"\nmsgstr[0] "%(n)s 个检查"', 0, 0),
    ],
)
def test_it_sees_a_gap(tmp_path, entry, untranslated, lost):
    path = tmp_path / "django.po"
    path.write_text(f"{messages.HEAD}\n{entry}\n", encoding="utf-8")
    assert len(messages.untranslated(path)) == untranslated
    assert len(lost_placeholders(path)) == lost
