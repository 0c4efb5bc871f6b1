"""Passwords: the rule on kinds of characters, and passwords made for people."""

import secrets
import string

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

# No 0 O o 1 l I: a generated password is read from a screen and typed once.
_LOWER = "abcdefghijkmnpqrstuvwxyz"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "23456789"
_LENGTH = 16


class CharacterClassValidator:
    """Demands characters of several kinds: lower case, upper case, digits, anything else."""

    def __init__(self, classes: int = 3) -> None:
        self.classes = classes

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002 - Django's signature
        if len(_classes(password)) < self.classes:
            raise ValidationError(self.get_help_text(), code="password_classes")

    def get_help_text(self) -> str:
        return ngettext(
            "Use at least %(count)d kind of: lower-case letters, capitals, digits, other characters.",
            "Use at least %(count)d kinds of: lower-case letters, capitals, digits, other characters.",
            self.classes,
        ) % {"count": self.classes}


def password_generate() -> str:
    """A random password of 16 characters with lower case, capitals and digits (about 92 bits)."""
    alphabet = _LOWER + _UPPER + _DIGITS
    while True:
        word = "".join(secrets.choice(alphabet) for _count in range(_LENGTH))
        if len(_classes(word)) == 3:
            return word


def _classes(password: str) -> set[str]:
    kinds: set[str] = set()
    for character in password:
        if character in string.ascii_lowercase:
            kinds.add("lower")
        elif character in string.ascii_uppercase:
            kinds.add("upper")
        elif character in string.digits:
            kinds.add("digit")
        else:
            kinds.add("other")
    return kinds
