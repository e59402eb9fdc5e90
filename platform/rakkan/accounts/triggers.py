"""What PostgreSQL asks before a role is given or taken; the services ask first and say why.

The rows of one user, and the administrators of one organisation, are asked one after the other:
the locks on user and organisation see to it.
"""

_OPEN = """NOT EXISTS (
    SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id
)"""
_IN_TERM = f"{_OPEN} AND (m.valid_until IS NULL OR m.valid_until > now())"

# An administrator gives any role; a requester may invite depicted persons, and no others.
MEMBERSHIP_FITS = f"""
PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR UPDATE;
IF EXISTS (
    SELECT 1 FROM accounts_membership m
    WHERE m.user_id = NEW.user_id AND {_OPEN} AND (
        m.role = NEW.role OR (m.role IN ('operator', 'administrator'))
        <> (NEW.role IN ('operator', 'administrator'))
    )
) THEN
    RAISE EXCEPTION 'the role is held, or cannot be held beside another'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.granted_by_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM accounts_membership m
    JOIN accounts_user g ON g.id = m.user_id
    JOIN accounts_user u ON u.organisation_id = g.organisation_id
    WHERE g.id = NEW.granted_by_id AND u.id = NEW.user_id AND g.is_active AND {_IN_TERM} AND (
        m.role = 'administrator' OR (m.role = 'requester' AND NEW.role = 'depicted_person')
    )
) THEN
    RAISE EXCEPTION 'a role is given by an administrator of the organisation'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  made of constants

_ANOTHER = f"""EXISTS (
    SELECT 1 FROM accounts_membership m
    JOIN accounts_user a ON a.id = m.user_id
    WHERE a.organisation_id = o.organisation_id AND a.id <> o.id AND a.is_active
      AND m.role = 'administrator' AND {_OPEN}
)"""  # noqa: S608
_LOCK_ORGANISATION = """
PERFORM 1 FROM accounts_organisation
WHERE id = (SELECT organisation_id FROM accounts_user WHERE id = {user}) FOR UPDATE;
"""
_LAST = """
    RAISE EXCEPTION 'the last administrator stays' USING ERRCODE = 'check_violation';
"""

MEMBERSHIP_END_FITS = f"""
IF EXISTS (
    SELECT 1 FROM accounts_membership m WHERE m.id = NEW.membership_id AND (
        m.user_id = NEW.ended_by_id
        OR (NEW.ended_by_id IS NULL AND (m.valid_until > NEW.ended_at) IS NOT FALSE)
    )
) THEN
    RAISE EXCEPTION 'a role is taken by somebody else, or has run out'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.ended_by_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM accounts_membership m
    JOIN accounts_user g ON g.id = m.user_id
    JOIN accounts_user u ON u.organisation_id = g.organisation_id
    JOIN accounts_membership taken ON taken.user_id = u.id AND taken.id = NEW.membership_id
    WHERE g.id = NEW.ended_by_id AND g.is_active AND m.role = 'administrator' AND {_OPEN}
) THEN
    RAISE EXCEPTION 'a role is taken by an administrator of the organisation'
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT 1 FROM accounts_membership m
    WHERE m.id = NEW.membership_id AND m.role = 'administrator'
) THEN
    {
    _LOCK_ORGANISATION.format(
        user="(SELECT user_id FROM accounts_membership WHERE id = NEW.membership_id)"
    )
}
    IF NOT EXISTS (
        SELECT 1 FROM accounts_membership t
        JOIN accounts_user o ON o.id = t.user_id
        WHERE t.id = NEW.membership_id AND {_ANOTHER}
    ) THEN {_LAST} END IF;
END IF;
RETURN NEW;
"""  # noqa: S608

ADMINISTRATOR_STAYS_ACTIVE = f"""
{_LOCK_ORGANISATION.format(user="NEW.id")}
IF EXISTS (
    SELECT 1 FROM accounts_membership m
    WHERE m.user_id = NEW.id AND m.role = 'administrator' AND {_OPEN}
) AND NOT EXISTS (
    SELECT 1 FROM accounts_user o WHERE o.id = NEW.id AND {_ANOTHER}
) THEN {_LAST} END IF;
RETURN NEW;
"""  # noqa: S608

INVITATION_USED_IN_TIME = """
IF NEW.kind = 'accepted' AND NOT EXISTS (
    SELECT 1 FROM accounts_invitation i JOIN accounts_user u ON u.id = NEW.user_id
    WHERE i.id = NEW.invitation_id AND u.organisation_id = i.organisation_id
      AND NEW.ended_at < i.expires_at AND now() < i.expires_at
) THEN
    RAISE EXCEPTION 'an invitation is used in time, by a member'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""
