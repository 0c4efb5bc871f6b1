"""The reports of this app, made known to documents."""

from __future__ import annotations

from yingheng.documents.access import subject_register
from yingheng.documents.builders import Builder, report_builder_register
from yingheng.phantomqc.naming import KIND
from yingheng.phantomqc.reporting.test_report import test_report
from yingheng.phantomqc.reporting.year_book import year_book
from yingheng.tenancy.permissions import DEVICE_VIEW

TEST, BOOK = "device_test", "device_book"
TEST_SUBJECT, BOOK_SUBJECT = KIND, "device_book"


def register() -> None:
    """Let reports of tests and year's books be asked for, and their files be opened by those who see the devices."""
    subject_register(TEST_SUBJECT, view=DEVICE_VIEW)
    subject_register(BOOK_SUBJECT, view=DEVICE_VIEW)
    report_builder_register(Builder(TEST, TEST_SUBJECT, test_report))
    report_builder_register(Builder(BOOK, BOOK_SUBJECT, year_book))
