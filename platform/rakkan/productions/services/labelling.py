"""The visible AI label of a production: drawn when it is submitted, pinned with everything else.

Nobody chooses whether there is one. Its words are those of the consent of whoever is seen, and
what the territories ask for besides; approvers see it before they decide.
"""

from __future__ import annotations

from typing import Any

from compliance.errors import InvalidInput
from compliance.label import LabelPlace, plan_label
from compliance.label.drawing import draw_label
from compliance.label.place import MEDIA_TYPE, MOST_BYTES
from compliance.permit import InputFile
from rakkan.consents.models import Consent
from rakkan.core.blobs import Area, blob_put
from rakkan.core.errors import BadInput, Refused
from rakkan.productions.models import Production

LABEL = "label"  # role of the input


def label_pin(production: Production, consent: Consent) -> None:
    """Draw the label of a draft, store it and pin it, in the caller's transaction.

    Args:
        production: a draft; the caller saves it.
        consent: of whoever is seen, whose words viewers are to read.

    Raises:
        BadInput: the words cannot be drawn: too many, or letters that the font lacks.
    """
    plan = plan_label(production.territories, production.language, consent.ai_label)
    size = (production.width, production.height)
    try:
        drawn = draw_label(plan, production.language, *size, production.fps)
    except InvalidInput as error:
        raise BadInput(str(error), code=error.code, remedy=error.remedy, status=409) from error
    blob = blob_put(Area.INPUTS, [drawn.png], limit=MOST_BYTES)
    production.label_sha256 = blob.sha256
    production.label = {
        "lines": list(drawn.lines),
        "profiles": list(plan.profiles),
        "heights": [line.height for line in plan.lines],
        "contrast": plan.contrast,
        "seconds": plan.seconds,
        "size": blob.size,
        "place": drawn.place.to_dict(),
    }


def label_of(production: Production) -> dict[str, Any]:
    """Return what is pinned of a production's label.

    Raises:
        Refused: it was submitted before labels were burned in.
    """
    if production.label is None or not production.label_sha256:
        raise Refused(
            "It has no visible AI label: it was submitted before there were any.",
            code="label-missing",
            remedy="Make a new production and have it approved.",
            status=403,
        )
    return dict(production.label)


def label_input(production: Production) -> InputFile:
    """Return the label's picture as a job's input; raises as :func:`label_of`."""
    size = label_of(production)["size"]
    return InputFile(LABEL, production.label_sha256, size, MEDIA_TYPE)


def label_place(production: Production) -> LabelPlace:
    """Return where the label stands, and in which frames; raises as :func:`label_of`."""
    return LabelPlace.from_dict(label_of(production)["place"])
