"""What the database asks about the consents of a production, as text for its triggers."""


def consents_hold(production: str, moment: str = "") -> str:
    """Return the SQL condition that both consents of a production fit it and have not ended.

    The likeness shown has the consent of whoever is seen, the voice heard that of whoever speaks;
    both were given to the organisation that produces.

    Args:
        production: alias of a row of ``productions_production``.
        moment: an SQL expression; where it is given, both terms include it.
    """
    term = "".join(
        f" AND {moment} >= {consent}.valid_from AND {moment} < {consent}.valid_until"
        for consent in ("seen", "heard")
        if moment
    )
    return f"""EXISTS (
        SELECT 1 FROM consents_consent seen, consents_consent heard
        WHERE seen.id = {production}.consent_id
          AND seen.likeness_id = {production}.likeness_id
          AND seen.controller_id = {production}.organisation_id
          AND heard.id = {production}.voice_consent_id
          AND heard.voice_id = {production}.speaker_id
          AND heard.controller_id = {production}.organisation_id
          AND ({production}.voice_origin = 'recorded'
               OR 'synthetic_speech' = ANY(heard.permitted_changes))
          AND NOT EXISTS (
              SELECT 1 FROM consents_withdrawal w WHERE w.consent_id IN (seen.id, heard.id)
          )
          AND NOT EXISTS (
              SELECT 1 FROM consents_supersession s WHERE s.consent_id IN (seen.id, heard.id)
          ){term}
    )"""  # noqa: S608  aliases and columns of ours, nothing of anybody else's
