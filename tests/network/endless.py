"""A job that does not end by itself."""

import time

from yingheng.pipeline.routes import ROUTES as REAL


def sleep(natural_key, payload):
    time.sleep(600)


ROUTES = {**REAL, "endless": (sleep,)}
