"""`yingheng` on a database that may grow by a few pages only: SQLite then answers as on a full disk."""

import yingheng.cli.main
from yingheng.cli import platform


def start(home=None, real=platform.start):
    real(home)
    from django.db import connection  # noqa: PLC0415 - after Django

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 20}")


if __name__ == "__main__":
    platform.start = start
    yingheng.cli.main.main()
