"""What triggers of several apps ask, as text: apps beside each other do not know each other."""


def approvals_stand(production: str, moment: str = "") -> str:
    """Return the SQL condition that every step of a production's workflow was approved by enough.

    Args:
        production: alias of a row of ``productions_production``.
        moment: an SQL expression; where it is given, the approval is not over by then.
    """
    term = f" AND {moment} < w.expires_at" if moment else ""
    return f"""EXISTS (
        SELECT 1 FROM approvals_workflow w
        WHERE w.subject_id = {production}.id
          AND w.subject_digest = {production}.request_digest{term}
          AND EXISTS (SELECT 1 FROM approvals_workflowstep s WHERE s.workflow_id = w.id)
          AND NOT EXISTS (
              SELECT 1 FROM approvals_decision d
              WHERE d.workflow_id = w.id AND d.verdict <> 'approve'
          )
          AND NOT EXISTS (
              SELECT 1 FROM approvals_workflowstep s
              WHERE s.workflow_id = w.id AND s.quorum > (
                  SELECT COUNT(*) FROM approvals_decision d
                  WHERE d.step_id = s.id AND d.subject_digest = {production}.request_digest
              )
          )
    )"""  # noqa: S608  aliases and columns of ours, nothing of anybody else's
