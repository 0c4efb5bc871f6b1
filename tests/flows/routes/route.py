"""What an address asks for, and the things that addresses of several areas name."""

from dataclasses import dataclass, field

ANYBODY, PUBLIC = "signed-in", "public"


@dataclass(frozen=True)
class Route:
    """What an address asks for; `things` are the ids in it, found in the world of a hospital."""

    access: str
    things: dict = field(default_factory=dict)
    query: str = ""
    post: bool = False
    fine: tuple = (200, 302)


EXAM = {"exam_id": "exam"}
PERSON = {"person_id": "review_person"}
ATTEMPT = {"attempt_id": "attempt"}
OWN = (200, 302, 403, 404)  # who sees it depends on whose it is: own films, own appeals, what one answers for
