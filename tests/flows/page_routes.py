"""Every address of a page and what it asks for: the one table, written down by area in `routes`.

A new address that is not in it fails `test_every_address_is_in_the_table`.
"""

from tests.flows.routes import (
    devices,
    exams,
    meetings,
    people,
    platform,
    reading,
    rejects,
    review,
    sheets,
    standards,
    teaching,
    traffic,
)
from tests.flows.routes.route import ANYBODY, PUBLIC

__all__ = ["ANYBODY", "PUBLIC", "ROUTES"]
AREAS = (devices, exams, meetings, people, platform, reading, rejects, review, sheets, standards, teaching, traffic)
ROUTES = {name: route for area in AREAS for name, route in area.ROUTES.items()}
assert len(ROUTES) == sum(len(area.ROUTES) for area in AREAS), "an address stands in two areas"
