"""Standards, methods and a hospital's own rules."""

from tests.flows.routes.route import Route

RULES = {"edition_id": "rules"}
ROUTES = {
    "web:standards": Route("standard.view"),
    "web:standard": Route("standard.view", {"standard_id": "=exam-integrity-1"}),
    "web:methods": Route("standard.view"),
    "web:method": Route("standard.view", {"slug": "=ct-noise"}),
    "web:calibration": Route("finding.view"),
    "web:calibration_criterion": Route("finding.view", {"family": "=image-quality-1", "criterion": "=ct.noise"}),
    "rulebook:list": Route("standard.view"),
    "rulebook:new": Route("standard.edit"),
    "rulebook:upload": Route("standard.edit"),
    "rulebook:standards": Route("standard.view"),
    "rulebook:adopt": Route("standard.edit", {"standard_id": "=acr-mr-2022"}),
    "rulebook:stop": Route("standard.edit", {"standard_id": "=tg-116-2009"}),
    "rulebook:confirm": Route("standard.edit", {"standard_id": "=image-quality-1", "criterion_id": "=ct.truncated"}),
    "rulebook:shadow": Route("standard.view", {"run_id": "trial"}),
    "rulebook:edition": Route("standard.view", RULES),
    "rulebook:download": Route("standard.view", RULES),
    "rulebook:criterion_new": Route("standard.edit", RULES),
    "rulebook:criterion": Route("standard.edit", RULES | {"criterion_id": "=thin"}),
    "rulebook:criterion_remove": Route("standard.edit", RULES | {"criterion_id": "=none"}, post=True),
    "rulebook:source": Route("standard.edit", RULES),
    "rulebook:take": Route("standard.edit", RULES | {"standard_id": "=image-quality-1"}),
    "rulebook:shadow_ask": Route("standard.edit", RULES),
    "rulebook:publish": Route("standard.edit", RULES),
    "rulebook:withdraw": Route("standard.edit", {"edition_id": "signed"}),
    "rulebook:discard": Route("standard.edit", {"edition_id": "signed"}, post=True),
}
