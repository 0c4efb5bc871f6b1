"""Accounts, the log, jobs, messages."""

from tests.flows.routes.route import ANYBODY, PUBLIC, Route

ROUTES = {
    "tenancy:login": Route(PUBLIC),
    "tenancy:logout": Route(PUBLIC, post=True),
    "tenancy:password": Route(ANYBODY),
    "tenancy:tokens": Route(ANYBODY),
    "tenancy:token_new": Route(ANYBODY),
    "tenancy:token_end": Route(ANYBODY, {"token_id": "token"}, post=True),
    "tenancy:machine_token_new": Route("user.manage", {"user_id": "machine"}),
    "tenancy:user_token_end": Route("user.manage", {"user_id": "machine", "token_id": "machine_token"}, post=True),
    "tenancy:users": Route("user.view"),
    "tenancy:user_new": Route("user.manage"),
    "tenancy:user": Route("user.view", {"user_id": "user"}),
    "tenancy:grant": Route("role.grant", {"user_id": "user"}),
    "tenancy:deactivate": Route("user.manage", {"user_id": "user"}),
    "tenancy:activate": Route("user.manage", {"user_id": "user"}, post=True),
    "tenancy:reset": Route("user.manage", {"user_id": "user"}, post=True),
    "tenancy:revoke": Route("role.grant", {"membership_id": "membership"}),
    "tenancy:organisations": Route("user.view"),
    "tenancy:organisation_new": Route("organisation.manage"),
    "audit:list": Route("audit.view"),
    "audit:verify": Route("audit.view", post=True),
    "jobs:list": Route("job.view"),
    "jobs:retry": Route("job.manage", {"job_id": "job"}, post=True),
    "notify:list": Route(ANYBODY),
    "notify:read_all": Route(ANYBODY, post=True),
    "notify:follow": Route(ANYBODY, {"delivery_id": "delivery"}),
    "notify:acknowledge": Route(ANYBODY, {"delivery_id": "delivery"}, post=True),
}
