"""Checks 1 to 5, 13 and 14: what the file itself shows."""

import hashlib

from compliance.audiomark.files import AudioState, detect_sound
from compliance.canonical import file_sha256
from compliance.label.check import check_label as find_label
from compliance.label.check import read_label
from compliance.label.picture import LabelPicture
from compliance.label.place import LabelPlace
from compliance.media import VIDEO_FORMAT, check_streams, preview_notice, video_frames, video_shape
from compliance.provenance import ManifestState
from compliance.provenance.facts import SOURCE_TYPE
from compliance.provenance.reader import read_label_picture
from compliance.verify.case import Case
from compliance.verify.report import CannotCheck, Fails

MIN_SHARE = 0.9  # of the sound's energy; a pause needs no mark


def check_readable(case: Case) -> str:
    """1. The file is a video of one picture and one sound and decodes to its last frame."""
    if not case.path.is_file():
        raise Fails(f"There is no file {case.path}.")
    shape = video_shape(case.path)
    check_streams(shape)
    frames = sum(1 for _ in video_frames(case.path))
    if not frames:
        raise Fails("It has no frame.")
    return f"A video of {frames} frames, {shape.width}x{shape.height}."


def check_manifest(case: Case) -> str:
    """2. It carries a C2PA manifest, Trusted under the roots given (C2PA 2.2, section 15).

    A file that says of itself that it is a preview is no release, whatever it carries.
    """
    notice = preview_notice(case.path)
    if notice is not None:
        raise Fails(f"It is a preview and was never released: {notice}.")
    manifest = case.manifest
    if manifest.state is ManifestState.NONE:
        raise Fails("It carries no C2PA manifest.", code="manifest-missing")
    if manifest.state is not ManifestState.TRUSTED:
        reasons = ", ".join(manifest.failures) or "no reason given"
        raise Fails(
            f"The manifest is {manifest.state}, not Trusted: {reasons}.", code="manifest-untrusted"
        )
    return f"Trusted, signed by {manifest.signer}, time-stamped at {manifest.timestamped_at}."


def check_disclosure(case: Case) -> str:
    """3. The manifest says that a machine made the picture, in IPTC's term and in words."""
    manifest = case.need_manifest()
    if manifest.digital_source_type != SOURCE_TYPE or not manifest.ai_label:
        raise Fails(f"It does not disclose synthesis: {manifest.digital_source_type}.")
    return f"Disclosed as composite with trained algorithmic media: {manifest.ai_label!r}."


def check_watermark(case: Case) -> str:
    """4. The asset id in the pixels is the one in the manifest."""
    found = case.detection
    if found.asset_id is None:
        raise Fails("The pixels carry no mark of this key.", code="mark-missing")
    try:
        expected = case.need_manifest().asset_id
    except CannotCheck as reason:
        raise CannotCheck(f"The pixels say {found.asset_id}, and that alone: {reason}") from reason
    if found.asset_id != expected:
        raise Fails(
            f"The pixels say {found.asset_id}, the manifest says {expected}.",
            code="mark-of-another",
        )
    return (
        f"The pixels say {found.asset_id}; {found.asset_frames} of {found.frames} frames show "
        f"the mark, {found.agreement:.1%} of its bits arrived."
    )


def check_audiomark(case: Case) -> str:
    """13. The sound carries the asset id in the manifest, nearly all through, and no other."""
    if case.watermark_key is None:
        raise CannotCheck("No watermark key was given (--watermark-key or RAKKAN_WATERMARK_KEY).")
    expected = case.need_manifest().asset_id
    if case.manifest.audio_mark != expected:
        raise CannotCheck("Its manifest names no mark in the sound.")
    found = detect_sound(case.path, case.watermark_key, known=expected, formats=VIDEO_FORMAT)
    if found.asset_id is None:
        raise Fails("The sound carries no mark of this key.", code="mark-missing")
    other = next(iter([*found.others, *({found.asset_id} - {expected})]), None)
    if other is not None:
        raise Fails(
            f"The sound says {other}, the manifest says {expected}.", code="mark-of-another"
        )
    if found.share < MIN_SHARE:
        raise Fails(f"Only {found.share:.0%} of the sound carries the mark.", code="mark-in-part")
    if found.state is AudioState.WEAKLY:
        return (
            f"The sound is too short to read, but agrees with {expected}: by chance it would with "
            f"a probability of at most {found.p_value:.0e}."
        )
    return f"The sound says {expected}; {found.share:.0%} of it carries the mark."


def check_label(case: Case) -> str:
    """14. The visible AI label that the manifest carries stands in the picture, all its time."""
    manifest = case.need_manifest()
    if "label" not in manifest.inputs:
        raise CannotCheck("Its manifest names no visible label: it is older than labels are.")
    png = read_label_picture(case.path, case.need_trust().anchors)
    if hashlib.sha256(png).hexdigest() != manifest.inputs["label"]:
        raise Fails("The label in the manifest is not the one it names.", code="label-changed")
    place = LabelPlace.from_dict(manifest.label_place)
    reading = read_label(case.path, LabelPicture.from_png(png, place), place)
    rate = video_shape(case.path).rate or 1.0
    return f"The visible label is there: {find_label(reading, place, rate)}."


def check_file(case: Case) -> str:
    """5. The file is byte for byte the one that was released.

    The manifest's hash leaves out some boxes of an MP4; this one leaves out nothing.
    """
    release = case.need_evidence()["release"]
    size, digest = case.path.stat().st_size, file_sha256(case.path)
    if (size, digest) != (release["size"], release["file_sha256"]):
        raise Fails(
            f"Its SHA-256 is {digest}, released was {release['file_sha256']}.", code="file-changed"
        )
    if case.manifest.asset_id != release["asset_id"]:
        raise Fails(f"Released was asset {release['asset_id']}, this is {case.manifest.asset_id}.")
    return f"SHA-256 {digest}, released {release['released_at']}."
