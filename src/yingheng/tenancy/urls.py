from django.urls import path

from yingheng.tenancy.views import account, organisations, people, tokens

app_name = "tenancy"
urlpatterns = [
    path("login/", account.login, name="login"),
    path("logout/", account.logout, name="logout"),
    path("account/password/", account.password, name="password"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/new/", tokens.token_new, name="token_new"),
    path("account/tokens/<uuid:token_id>/revoke/", tokens.token_end, name="token_end"),
    path("users/", people.users, name="users"),
    path("users/new/", people.user_new, name="user_new"),
    path("users/<uuid:user_id>/", people.user, name="user"),
    path("users/<uuid:user_id>/grant/", people.grant, name="grant"),
    path("users/<uuid:user_id>/close/", people.deactivate, name="deactivate"),
    path("users/<uuid:user_id>/open/", people.activate, name="activate"),
    path("users/<uuid:user_id>/password/", people.reset, name="reset"),
    path("users/<uuid:user_id>/tokens/new/", tokens.machine_token_new, name="machine_token_new"),
    path("users/<uuid:user_id>/tokens/<uuid:token_id>/revoke/", tokens.user_token_end, name="user_token_end"),
    path("roles/<uuid:membership_id>/revoke/", people.revoke, name="revoke"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/new/", organisations.organisation_new, name="organisation_new"),
]
