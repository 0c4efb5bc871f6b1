"""Asks for a job that does not end by itself."""

from yingheng.cli import platform

if __name__ == "__main__":
    platform.start()
    from yingheng.jobs.services import emit

    emit("endless", "1")
