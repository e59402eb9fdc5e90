"""What this app does: sign in, make accounts, give and take roles."""

from rakkan.accounts.services.access import user_deactivate, user_reactivate
from rakkan.accounts.services.factor import authentication_record, code_confirm, totp_ensure
from rakkan.accounts.services.roles import role_grant, role_revoke
from rakkan.accounts.services.session import session_start
from rakkan.accounts.services.user import organisation_ensure, user_add, user_ensure

__all__ = [
    "authentication_record",
    "code_confirm",
    "organisation_ensure",
    "role_grant",
    "role_revoke",
    "session_start",
    "totp_ensure",
    "user_add",
    "user_deactivate",
    "user_ensure",
    "user_reactivate",
]
