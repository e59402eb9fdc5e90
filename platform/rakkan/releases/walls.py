"""What the database asks before it takes a sealing, a passed gate report or a release.

Each stands on the row before it: permit, its use, rendering, sealing, report, release. Whether the
bytes are what the rows say is for the services and for whoever downloads; see docs/decisions/0055.
"""

from rakkan.consents.walls import consents_hold
from rakkan.core.walls import approvals_stand
from rakkan.releases.lips import PASSING

# The signed file was made from what a worker handed in under the permit that was used for it.
SEALING_FITS = f"""
IF NEW.source_sha256 = NEW.file_sha256 OR NOT EXISTS (
    SELECT 1 FROM productions_production p
    JOIN productions_rendering r ON r.production_id = p.id
    JOIN dispatch_permituse u ON u.permit_id = r.permit_id
    JOIN dispatch_issuedpermit i ON i.id = r.permit_id
    JOIN dispatch_job j ON j.id = i.job_id
    WHERE p.id = NEW.subject_id AND p.state = 'rendered' AND p.asset_id = NEW.asset_id
      AND r.file_sha256 = NEW.source_sha256 AND NEW.watermark ->> 'asset_id' = NEW.asset_id
      AND j.kind = 'render' AND j.subject_id = p.id AND j.asset_id = p.asset_id
      AND j.request_digest = p.request_digest
      AND NOT EXISTS (SELECT 1 FROM dispatch_permitrevocation x WHERE x.permit_id = i.id)
      AND {consents_hold("p", "NEW.sealed_at")}
      AND {approvals_stand("p")}
) THEN
    RAISE EXCEPTION 'no permitted rendering that carries the mark, no sealing'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  text of ours

# A report that has passed is about the sealed file, and none of its checks says otherwise.
PASSED_REPORT_FITS = f"""
IF jsonb_array_length(NEW.checks) = 0 OR EXISTS (
    SELECT 1 FROM jsonb_array_elements(NEW.checks) c
    WHERE c ->> 'outcome' IS DISTINCT FROM 'pass'
) OR NOT EXISTS (
    SELECT 1 FROM releases_sealing s
    JOIN productions_production p ON p.id = s.subject_id AND p.asset_id = s.asset_id
    WHERE s.subject_id = NEW.subject_id AND s.file_sha256 = NEW.file_sha256
      AND p.state IN ('sealed', 'in_review')
      AND {consents_hold("p", "NEW.checked_at")}
      AND {approvals_stand("p", "NEW.checked_at")}
) THEN
    RAISE EXCEPTION 'no sealed file with live consents and approvals, no passed gate'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  text of ours

_PASSING = ", ".join(f"'{outcome.value}'" for outcome in PASSING)
# What leaves is the file that was sealed, of which a worker said that the lips follow the voice
# (or that nobody speaks), and nothing has ended since.
RELEASE_FITS = f"""
IF NOT EXISTS (
    SELECT 1 FROM releases_sealing s
    JOIN productions_production p ON p.id = s.subject_id AND p.asset_id = s.asset_id
    JOIN productions_rendering r ON r.production_id = p.id AND r.file_sha256 = s.source_sha256
    JOIN dispatch_permituse u ON u.permit_id = r.permit_id
    JOIN productions_lipsmeasurement l ON l.rendering_id = r.id AND l.file_sha256 = r.file_sha256
      AND l.outcome IN ({_PASSING})
    WHERE s.subject_id = NEW.subject_id AND s.asset_id = NEW.asset_id
      AND s.file_sha256 = NEW.file_sha256 AND s.size = NEW.size
      AND p.organisation_id = NEW.organisation_id AND p.state IN ('sealed', 'in_review')
      AND {approvals_stand("p", "NEW.released_at")}
) THEN
    RAISE EXCEPTION 'no sealed file with approvals that stand and lips that follow, no release'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  text of ours

# A release that nothing could find again would be one whose withdrawal reaches no copy.
RELEASE_IS_FOUND_AGAIN = """
IF NOT EXISTS (
    SELECT 1 FROM releases_fingerprint f
    JOIN releases_printhash h ON h.fingerprint_id = f.id
    WHERE f.release_id = NEW.id
) THEN
    RAISE EXCEPTION 'no release without a fingerprint to find it by'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
"""


CAUGHT_UP_FROM = "0009_catching_up"  # releases made after this migration have everything

_SOON = "NEW.taken_at < r.released_at + interval '1 hour'"
_SOON_OR_FROM_BEFORE = f"""({_SOON} OR r.released_at < (
          SELECT m.applied FROM django_migrations m
          WHERE m.app = 'releases' AND m.name = '{CAUGHT_UP_FROM}'
      ))"""  # noqa: S608  text of ours


def taken_with_its_release(what: str, *, late: bool = False) -> str:
    """Return the text of a trigger: ``what`` is written with its release, of the very file.

    Args:
        what: in a few words, for the message.
        late: releases from before the database had this rule may be caught up
            (``releases_catch_up``): each has one row at most, so nothing that is there is replaced.
    """
    return f"""
IF NOT EXISTS (
    SELECT 1 FROM releases_release r
    WHERE r.id = NEW.release_id AND r.released_at <= NEW.taken_at
      AND {_SOON_OR_FROM_BEFORE if late else _SOON}
) THEN
    RAISE EXCEPTION '{what} is taken with its release'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  text of ours
