"""Folders in which devices leave their logs, and a clock for looking into them."""

import datetime as dt
import os

from tests.apps.rejects.making import csv_of, zh_rows

from yingheng.rejects.services.looking import folder_look

START = dt.datetime(2026, 10, 20, 2, tzinfo=dt.UTC)
WRITTEN = dt.datetime(2026, 10, 15, 16, 30, tzinfo=dt.UTC).timestamp()  # the 16th in Shanghai


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.instant = START

    def __call__(self):
        return self.instant

    def on(self, seconds):
        self.instant += dt.timedelta(seconds=seconds)


def put(row, name, data, at=WRITTEN):
    path = os.path.join(row.path, name)  # noqa: PTH118 - names may be bytes
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(data)
    os.utime(path, (at, at))
    return path


def looked(row, clock, times=2):
    """Looks a minute apart; gives the last."""
    for n in range(times):
        clock.on(60 if n else 0)
        found = folder_look(row.pk)
    return found


def days(n=20, **more):
    return csv_of(zh_rows(n, **more))
