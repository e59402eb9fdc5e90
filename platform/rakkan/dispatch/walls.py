"""What the database asks before it takes a permit; the services ask first and say why."""

from rakkan.consents.walls import consents_hold
from rakkan.core.walls import approvals_stand

# Whoever writes SQL cannot make the row of a permit that the workflow would not give: the job is
# leased under this very number, both consents hold, and what the job is for was approved.
PERMIT_FITS = f"""
IF NOT EXISTS (
    SELECT 1 FROM dispatch_job j
    WHERE j.id = NEW.job_id AND j.state = 'leased' AND j.fence = NEW.fence
      AND NEW.issued_at < NEW.expires_at
) THEN
    RAISE EXCEPTION 'a permit is for a job that is leased' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT 1 FROM dispatch_job j WHERE j.id = NEW.job_id AND j.kind = 'render'
) AND NOT EXISTS (
    SELECT 1 FROM dispatch_job j
    JOIN productions_production p ON p.id = j.subject_id AND p.asset_id = j.asset_id
      AND p.request_digest = j.request_digest
    WHERE j.id = NEW.job_id AND p.state IN ('queued', 'rendering')
      AND {consents_hold("p", "NEW.issued_at")}
      AND {approvals_stand("p", "NEW.issued_at")}
) THEN
    RAISE EXCEPTION 'no live consents and approvals, no permit'
        USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT 1 FROM dispatch_job j WHERE j.id = NEW.job_id AND j.kind = 'preview'
) AND NOT EXISTS (
    SELECT 1 FROM dispatch_job j
    JOIN previews_preview v ON v.id = j.subject_id AND v.asset_id = j.asset_id
    JOIN productions_production p ON p.id = v.subject_id AND p.request_digest = v.subject_digest
    WHERE j.id = NEW.job_id AND p.state = 'in_approval'
      AND {consents_hold("p", "NEW.issued_at")}
      AND NOT EXISTS (SELECT 1 FROM previews_previewend e WHERE e.preview_id = v.id)
) THEN
    RAISE EXCEPTION 'no live consents, no preview' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  text of ours
