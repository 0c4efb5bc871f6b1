"""Words of this app's errors."""

from django.utils.translation import gettext_lazy as _

ERROR_TEXTS = {
    "audit.reason_missing": _("Give a reason: this step is kept with one."),
    "tenancy.organisation_not_found": _("This organisation does not exist, or you have no access to it."),
    "tenancy.hospital_not_found": _("This organisation belongs to no hospital."),
    "tenancy.user_not_found": _("This person does not exist, or you have no access to them."),
    "tenancy.membership_not_found": _("This role is no longer held, or you have no access to it."),
    "tenancy.code_taken": _("The code %(organisation_code)s is already in use."),
    "tenancy.code_malformed": _("A code consists of lower-case letters, digits and hyphens, at most 40."),
    "tenancy.kind_order": _(
        "An organisation lies below a larger one: region, prefecture, county, hospital, department."
    ),
    "tenancy.level_not_hospital": _("Only a hospital has a level."),
    "tenancy.path_too_long": _("The organisation lies too deep in the tree."),
    "tenancy.zone_unknown": _("This time zone is not known."),
    "tenancy.username_taken": _("The user name %(username)s is already in use."),
    "tenancy.username_malformed": _("A user name has 2 to 150 letters, digits or . _ - @ +."),
    "tenancy.name_missing": _("Enter a name."),
    "tenancy.role_unknown": _("There is no such role."),
    "tenancy.role_held": _("This person already holds this role there."),
    "tenancy.dates_reversed": _("The last day lies before the first."),
    "tenancy.administrators_exclude": _(
        "System, security and audit administrator are three persons: this one already holds such a seat."
    ),
    "tenancy.administrator_place": _("An administrator is appointed for a hospital or above, not for a department."),
    "tenancy.self_grant": _("Nobody grants or revokes roles of their own."),
    "tenancy.security_admin_grants": _("Here roles are granted by the security administrator."),
    "tenancy.last_system_admin": _("This is the last system administrator; appoint another one first."),
    "tenancy.self_reset": _("Change your own password on the account page."),
    "tenancy.self_deactivate": _("Nobody closes their own account."),
    "tenancy.user_outside": _("This person also holds roles outside your area; ask the administrator above you."),
    "tenancy.already_set_up": _("There are already people in this installation."),
    "tenancy.language_unknown": _("This language is not offered."),
    "tenancy.password_weak": _("The password is too weak."),
    "tenancy.machine_no_password": _("A machine account has no password: it comes by access tokens."),
    "tenancy.token_days": _("An access token lasts 1 to %(most)s days."),
    "tenancy.token_not_own": _("Only a machine account is given access tokens by others."),
    "tenancy.token_name_taken": _("There is a token of this name already; revoke it first or choose another name."),
    "tenancy.token_ended": _("This access token is revoked already."),
    "tenancy.token_not_found": _("This access token does not exist, or you have no access to it."),
    "tenancy.token_needed": _("This address needs an access token."),
    "tenancy.token_wrong": _("The access token is unknown, revoked or expired."),
    "tenancy.permission_missing": _("This needs the permission %(permission)s, which you or this token do not have."),
    "tenancy.password_first": _("Choose a password of your own first."),
    "tenancy.csrf": _("The page that sent this is too old; load it again."),
    "tenancy.method_unknown": _("This address does not know that method."),
}
