"""Translations: `collect` gathers every text of src/yingheng into the .po file, `compile` builds the .mo files, `check`
lists what has no Chinese yet.

Collecting needs xgettext (package gettext); compiling is pure Python, so that an installation needs no system tool.
"""

import os
import re
import sys
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "yingheng"
LOCALE = "zh_Hans"
HEAD = """msgid ""
msgstr ""
"Project-Id-Version: yingheng\\n"
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""
# Dates and tool names in the head would change at every run and say nothing.
NOISE = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Report-Msgid-Bugs-To|Last-Translator|Language-Team):.*\n', re.MULTILINE
)


def po_files() -> list[Path]:
    return sorted(PACKAGE.rglob(f"{LOCALE}/LC_MESSAGES/*.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def untranslated(path: Path) -> list[str]:
    """Sources without a translation, or with a fuzzy one."""
    found = []
    for message in read(path):
        texts = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            found.append(str(message.id))
    return found


@click.group()
def main() -> None:
    """Translations of the platform."""


@main.command()
def collect() -> None:
    """Gathers the texts of templates and code; keeps the translations there are."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    target = PACKAGE / "locale"
    catalogue = target / LOCALE / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    if not catalogue.exists():
        catalogue.write_text(HEAD, encoding="utf-8")
    settings.configure(LOCALE_PATHS=[str(target)], INSTALLED_APPS=[], USE_I18N=True)
    django.setup()
    os.chdir(PACKAGE)
    call_command(
        "makemessages", locale=[LOCALE], add_location="file", no_wrap=True, no_obsolete=True,
        ignore_patterns=["static/*", "migrations/*"], verbosity=0,
    )  # fmt: skip
    for path in po_files():
        path.write_text(NOISE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
        click.echo(f"{path.relative_to(ROOT)}: {len(untranslated(path))} without translation")


@main.command("compile")
def compile_() -> None:
    """Builds a .mo beside every .po."""
    for path in po_files():
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path), use_fuzzy=False)


@main.command()
def check() -> None:
    """Fails and lists the sources that have no translation."""
    missing = [f"{path.relative_to(ROOT)}: {text}" for path in po_files() for text in untranslated(path)]
    for line in missing:
        click.echo(line)
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
