"""What PostgreSQL asks before a consent is written; the services ask first and say why."""

# The person's own account (never a minor's), or a guardian whose verified term covers the
# consent's: what a guardian allows ends with the guardianship, when a minor comes of age at last.
CONSENT_BY_WHO_ACTS = """
IF NOT EXISTS (
    SELECT 1 FROM likenesses_person p
    WHERE p.id = COALESCE(
        (SELECT person_id FROM likenesses_likeness WHERE id = NEW.likeness_id),
        (SELECT person_id FROM likenesses_voice WHERE id = NEW.voice_id)
    ) AND (p.user_id = NEW.granted_by_id AND p.person_class NOT IN ('minor', 'deceased') OR EXISTS (
        SELECT 1 FROM likenesses_guardianship g
        JOIN likenesses_guardianshipdecision d ON d.guardianship_id = g.id
        WHERE g.person_id = p.id AND g.guardian_id = NEW.granted_by_id AND d.verified
          AND d.decided_at <= NEW.granted_at AND NEW.granted_at < d.valid_until
          AND NEW.valid_until <= d.valid_until
          AND NOT EXISTS (
              SELECT 1 FROM likenesses_guardianshipend e WHERE e.guardianship_id = g.id
          )
    ))
) THEN
    RAISE EXCEPTION 'a consent is given by the person, or by who acts for them that long'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""

# The rows of both apps are of one organisation, so that row-level security hides none of them.
CONSENT_OF_WHO_STAYS = """
IF EXISTS (
    SELECT 1 FROM lifecycle_erasure e
    WHERE e.person_id = COALESCE(
        (SELECT person_id FROM likenesses_likeness WHERE id = NEW.likeness_id),
        (SELECT person_id FROM likenesses_voice WHERE id = NEW.voice_id)
    )
) THEN
    RAISE EXCEPTION 'who asked to be erased consents to nothing any more'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""
