"""What the database asks of productions, and before it takes what a worker said of a file."""

import pgtrigger

# Arriving in these takes consents that hold; a job given back to the queue goes nowhere new.
FORWARD = """
    NEW.state IN ('in_approval', 'rendering', 'rendered', 'sealed', 'released')
    OR NEW.state = 'queued' AND OLD.state = 'in_approval'
"""

# The answer is about the rendered bytes; one that lets a file pass came under a permit.
LIPS_FIT = """
IF NOT EXISTS (
    SELECT 1 FROM productions_rendering r
    JOIN dispatch_job j ON j.subject_id = r.id AND j.kind = 'measure'
    WHERE r.id = NEW.rendering_id AND r.file_sha256 = NEW.file_sha256 AND j.id = NEW.job_id
      AND (NEW.outcome = 'not-judged' AND j.state = 'failed' OR EXISTS (
          SELECT 1 FROM dispatch_issuedpermit i
          JOIN dispatch_permituse u ON u.permit_id = i.id
          WHERE i.job_id = j.id AND j.state = 'done' AND NOT EXISTS (
              SELECT 1 FROM dispatch_permitrevocation x WHERE x.permit_id = i.id
          )
      ))
) THEN
    RAISE EXCEPTION 'lips are judged of what was rendered, under a permit'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


def leaves_no_preview() -> pgtrigger.Trigger:
    """Return the trigger that keeps a production from leaving approval with an open preview."""
    return pgtrigger.Trigger(
        name="production_leaves_no_preview",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("OLD.state = 'in_approval' AND NEW.state <> 'in_approval'"),
        func=pgtrigger.Func(
            """
            IF EXISTS (
                SELECT 1 FROM previews_preview v WHERE v.subject_id = NEW.id AND NOT EXISTS (
                    SELECT 1 FROM previews_previewend e WHERE e.preview_id = v.id
                )
            ) THEN
                RAISE EXCEPTION 'a preview ends before its production leaves approval'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
            """
        ),
    )
