"""What anyone may know about an asset: whether it was released and whether it still may be used."""

from dataclasses import asdict, dataclass

from rakkan.consents.selectors import consent_state
from rakkan.core.errors import NotFound
from rakkan.core.tenancy import as_system
from rakkan.previews.selectors import preview_by_asset
from rakkan.productions.models import Production
from rakkan.productions.services.covered import release_consents_state
from rakkan.releases.selectors import release_by_asset


@dataclass(frozen=True, slots=True)
class Status:
    """The public answer; it names nobody."""

    asset_id: str
    status: str  # "released", "revoked" or "preview": that one was never released
    consent: str  # "live" where both are; else why not: "withdrawn", "expired", "missing"...
    ai_label: str

    def to_dict(self) -> dict[str, str]:
        """Return JSON-ready values."""
        return asdict(self)


def asset_status(asset_id: str) -> Status:
    """Return the status of a released asset, or of a preview, which never is one.

    Raises:
        NotFound: nothing with this id was ever released.
    """
    with as_system():  # a status tells anybody what the mark in a video says
        return _status(asset_id)


def _status(asset_id: str) -> Status:
    preview = preview_by_asset(asset_id)
    if preview is not None:
        state = consent_state(preview.consent).value
        return Status(asset_id, "preview", state, preview.consent.ai_label)
    release = release_by_asset(asset_id)
    rows = Production.objects.select_related("consent", "voice_consent")
    production = rows.filter(asset_id=asset_id).first()
    if release is None or production is None or production.consent is None:
        raise NotFound(
            f"Nothing with the id {asset_id} was released here.",
            remedy="Check the id: it has 16 characters, 0 to 9 and a to f.",
        )
    revoked = getattr(release, "revocation", None) is not None
    return Status(
        asset_id=asset_id,
        status="revoked" if revoked else "released",
        consent=release_consents_state(production),
        ai_label=production.consent.ai_label,
    )
