"""Captions of a production: WebVTT of its transcript, pinned with everything else it asks for.

They are made of the transcript that approvers read and of the times that the gate's worker measured
in the voice track; where a text cannot be laid over the sound there are none, and the page says
why.
"""

from __future__ import annotations

from compliance.captions import MOST_BYTES, read_cues, write_webvtt
from compliance.errors import InvalidInput
from rakkan.core.blobs import Area, blob_put
from rakkan.productions.models import Production

CUES = "cues"  # among the facts of the voice's measurement


def captions_pin(production: Production) -> None:
    """Make the captions of a draft, store and pin them, in the caller's transaction.

    Args:
        production: a draft whose voice was measured with its transcript; the caller saves it.
    """
    made = captions_made(production)
    if made:
        blob = blob_put(Area.INPUTS, [made], limit=MOST_BYTES)
        production.captions_sha256 = blob.sha256


def captions_made(production: Production) -> bytes:
    """Return the captions of a production as they would be pinned now; empty: there are none."""
    facts = production.voice_measurement.facts
    text = production.transcript
    try:
        cues = read_cues(facts.get(CUES), text, float(facts["seconds"]))
    except (InvalidInput, KeyError, TypeError, ValueError):
        return b""
    return write_webvtt(text, cues, production.language)
