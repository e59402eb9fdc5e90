"""What PostgreSQL asks before somebody acts for a person; the services ask first and say why."""

GUARDIANSHIP_FITS = """
IF NOT EXISTS (
    SELECT 1 FROM likenesses_person p
    JOIN accounts_user u ON u.organisation_id = p.organisation_id
    WHERE p.id = NEW.person_id AND u.id = NEW.guardian_id AND (
        p.person_class = 'minor' AND NEW.relation IN ('parent', 'legal_guardian')
        OR p.person_class = 'deceased' AND NEW.relation IN ('heir', 'rights_holder')
    )
) THEN
    RAISE EXCEPTION 'nobody acts for this person in that relation'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""

GUARDIANSHIP_DECISION_FITS = """
IF NOT EXISTS (
    SELECT 1 FROM likenesses_guardianship g
    JOIN likenesses_person p ON p.id = g.person_id
    WHERE g.id = NEW.guardianship_id AND g.guardian_id = NEW.guardian_id
      AND (p.majority_at IS NULL OR NOT NEW.verified OR NEW.valid_until <= p.majority_at)
) THEN
    RAISE EXCEPTION 'a guardianship ends at majority, and names its guardian'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""
