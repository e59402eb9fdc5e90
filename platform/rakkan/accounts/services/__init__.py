"""What this app does: sign in, invite, make accounts, give and take roles."""

from rakkan.accounts.services.access import user_deactivate, user_reactivate
from rakkan.accounts.services.factor import (
    authentication_record,
    code_confirm,
    factor_remove,
    factors_drop,
    passkey_add,
    passkey_confirm,
    recovery_codes_renew,
    totp_add,
    totp_ensure,
)
from rakkan.accounts.services.invite import (
    Ask,
    invitation_add,
    invitation_resend,
    invitation_revoke,
    invitation_send,
    invitations_forget,
)
from rakkan.accounts.services.join import (
    Newcomer,
    account_invited,
    invitation_open,
    invitation_use,
)
from rakkan.accounts.services.roles import role_grant, role_revoke
from rakkan.accounts.services.session import (
    password_change,
    password_confirm,
    session_confirmed,
    session_refusal_record,
    session_start,
    session_start_record,
    token_start,
)
from rakkan.accounts.services.user import (
    organisation_ensure,
    sessions_forget,
    user_add,
    user_ensure,
    user_erase,
)

__all__ = [
    "Ask",
    "Newcomer",
    "account_invited",
    "authentication_record",
    "code_confirm",
    "factor_remove",
    "factors_drop",
    "invitation_add",
    "invitation_open",
    "invitation_resend",
    "invitation_revoke",
    "invitation_send",
    "invitation_use",
    "invitations_forget",
    "organisation_ensure",
    "passkey_add",
    "passkey_confirm",
    "password_change",
    "password_confirm",
    "recovery_codes_renew",
    "role_grant",
    "role_revoke",
    "session_confirmed",
    "session_refusal_record",
    "session_start",
    "session_start_record",
    "sessions_forget",
    "token_start",
    "totp_add",
    "totp_ensure",
    "user_add",
    "user_deactivate",
    "user_ensure",
    "user_erase",
    "user_reactivate",
]
