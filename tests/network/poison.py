"""The routes of the platform, but measuring one series crashes the process as a faulty decoder would."""

import os

from yingheng.common import events
from yingheng.pipeline.routes import ROUTES as REAL


def crash_on_poison(natural_key, payload):
    if natural_key.replace("-", "") == os.environ["POISON"]:
        os.abort()
    for handler in REAL[events.SERIES_READY]:
        handler(natural_key, payload)


ROUTES = {**REAL, events.SERIES_READY: (crash_on_poison,)}
