"""The HTTP API for people's programs: thin, every rule is in the services."""

from typing import cast
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from knox.models import AuthToken
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.captions import MEDIA_TYPE
from rakkan.accounts.services import code_confirm, token_start
from rakkan.accounts.throttle import attempt_from
from rakkan.api import fields, serializers
from rakkan.api.answers import document_of as _document
from rakkan.api.answers import page_of as _page
from rakkan.api.answers import user_of as _user
from rakkan.api.fields import fields_of
from rakkan.approvals.services import Verdict, Word
from rakkan.consents.selectors import consent_get, consents_visible
from rakkan.consents.services import consent_grant
from rakkan.core.blobs import Area, blob_open
from rakkan.evidence.person_copy import person_copy
from rakkan.evidence.services import evidence_export
from rakkan.identity.selectors import biometric_consents_visible, identity_checks_visible
from rakkan.identity.services import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    identity_decide,
    identity_submit,
)
from rakkan.likenesses.selectors import (
    likeness_get,
    likenesses_visible,
    voice_get,
    voices_visible,
)
from rakkan.productions.selectors import production_get, productions_visible
from rakkan.productions.services.create import production_create
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.portray import portrait_add, voice_enrol
from rakkan.productions.services.release import release_deliver
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.submit import production_submit
from rakkan.productions.services.withdraw import withdraw


class Login(APIView):
    """Sign in and get a token that lasts ten hours."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        """Check the credentials."""
        given = fields_of(fields.LoginFields, request).validated_data
        attempt_from(request._request, "confirm")
        made, text = token_start(request._request, **given)
        user = serializers.user_document(made.user)
        return Response({"token": text, "expires_at": made.expiry, "user": user})


class Logout(APIView):
    """Give a token back."""

    def post(self, request: Request) -> Response:
        """Delete the token the request came with."""
        cast("AuthToken", request.auth).delete()
        return Response(status=204)


class Confirm(APIView):
    """Show that it is still you: decisions with this token count for some minutes after this."""

    def post(self, request: Request) -> Response:
        """Take a code of the authenticator app; each is taken once."""
        given = fields_of(fields.ConfirmFields, request).validated_data
        attempt_from(request._request, "confirm")
        row = code_confirm(user=_user(request), code=given["code"])
        return Response({"method": row.method, "authenticated_at": row.authenticated_at})


class Me(APIView):
    """Who am I."""

    def get(self, request: Request) -> Response:
        """Return the account."""
        return Response(serializers.user_document(_user(request)))


class MyData(APIView):
    """A depicted person's own data."""

    def get(self, request: Request) -> Response:
        """Return a copy of it; that it was taken is in the log."""
        answer = Response(person_copy(user=_user(request)))
        answer["Cache-Control"] = "private, no-store"
        return answer


class Likenesses(APIView):
    """Portraits."""

    def get(self, request: Request) -> Response:
        """List the visible ones."""
        rows = likenesses_visible(_user(request))
        return _page(self, request, rows, serializers.LikenessSerializer, "-added_at")

    def post(self, request: Request) -> Response:
        """Add one's own portrait (multipart, part ``portrait``)."""
        given = fields_of(fields.LikenessFields, request).validated_data
        portrait = request.FILES.get("portrait")
        likeness = portrait_add(
            user=_user(request),
            label=given["label"],
            portrait=portrait,
            person_id=given["person"],
        )
        return Response(_document(request, serializers.LikenessSerializer, likeness), status=201)


class LikenessDetail(APIView):
    """One portrait."""

    def get(self, request: Request, likeness_id: UUID) -> Response:
        """Return it with the gate's verdict."""
        likeness = likeness_get(_user(request), likeness_id)
        return Response(_document(request, serializers.LikenessSerializer, likeness))


class Voices(APIView):
    """Voice samples."""

    def get(self, request: Request) -> Response:
        """List the visible ones."""
        rows = voices_visible(_user(request))
        return _page(self, request, rows, serializers.VoiceSerializer, "-added_at")

    def post(self, request: Request) -> Response:
        """Enrol one's own voice (multipart, part ``sample``)."""
        given = fields_of(fields.VoiceFields, request).validated_data
        sample = request.FILES.get("sample")
        voice = voice_enrol(
            user=_user(request), label=given["label"], sample=sample, person_id=given["person"]
        )
        return Response(_document(request, serializers.VoiceSerializer, voice), status=201)


class VoiceDetail(APIView):
    """One voice sample."""

    def get(self, request: Request, voice_id: UUID) -> Response:
        """Return it with the gate's verdict."""
        voice = voice_get(_user(request), voice_id)
        return Response(_document(request, serializers.VoiceSerializer, voice))


class IdentityChecks(APIView):
    """Identity checks."""

    def get(self, request: Request) -> Response:
        """List the visible ones."""
        rows = identity_checks_visible(_user(request))
        return _page(self, request, rows, serializers.IdentityCheckSerializer, "-submitted_at")

    def post(self, request: Request) -> Response:
        """Hand in evidence (multipart, part ``evidence``)."""
        given = fields_of(fields.ForFields, request).validated_data
        check = identity_submit(
            user=_user(request),
            evidence=request.FILES.get("evidence"),
            person_id=given["person"],
        )
        return Response(_document(request, serializers.IdentityCheckSerializer, check), status=201)


class IdentityDecisions(APIView):
    """A reviewer's decision."""

    def post(self, request: Request, check_id: UUID) -> Response:
        """Decide."""
        given = fields_of(fields.IdentityDecisionFields, request).validated_data
        decision = identity_decide(user=_user(request), check_id=check_id, **given)
        return Response(
            _document(request, serializers.IdentityCheckSerializer, decision.check_made), status=201
        )


class BiometricConsents(APIView):
    """Consents to biometric matching: records of their own."""

    def get(self, request: Request) -> Response:
        """List one's own, each with its receipt."""
        rows = biometric_consents_visible(_user(request))
        return _page(self, request, rows, serializers.BiometricConsentSerializer, "-granted_at")

    def post(self, request: Request) -> Response:
        """Grant: ``agreed`` has to be true."""
        given = fields_of(fields.BiometricConsentFields, request).validated_data
        consent = biometric_consent_grant(
            user=_user(request), agreed=given["agreed"], person_id=given["person"]
        )
        return Response(serializers.BiometricConsentSerializer(consent).data, status=201)


class BiometricConsentWithdrawal(APIView):
    """Withdraw: as easy as giving."""

    def post(self, request: Request, biometric_id: UUID) -> Response:
        """Withdraw one's own."""
        consent = biometric_consent_withdraw(user=_user(request), consent_id=biometric_id)
        return Response(serializers.BiometricConsentSerializer(consent).data)


class Consents(APIView):
    """Consents."""

    def get(self, request: Request) -> Response:
        """List the visible ones."""
        rows = consents_visible(_user(request))
        return _page(self, request, rows, serializers.ConsentSerializer, "-granted_at")

    def post(self, request: Request) -> Response:
        """Grant one about one's own likeness or voice."""
        given, user = fields_of(fields.ConsentFields, request), _user(request)
        consent = consent_grant(user=user, trait=given.trait(user), terms=given.terms())
        return Response(_document(request, serializers.ConsentSerializer, consent), status=201)


class ConsentDetail(APIView):
    """One consent."""

    def get(self, request: Request, consent_id: UUID) -> Response:
        """Return it with its signed receipt."""
        consent = consent_get(_user(request), consent_id)
        body = _document(request, serializers.ConsentSerializer, consent)
        return Response({**body, "record": consent.record, "receipt": consent.receipt})


class ConsentNarrowing(APIView):
    """Take something away: a new consent replaces the old one."""

    def post(self, request: Request, consent_id: UUID) -> Response:
        """Narrow one's own consent; what is left out of the body stays as it was."""
        old = consent_get(_user(request), consent_id)
        terms = fields_of(fields.NarrowFields, request).terms(old)
        consent = narrow(user=_user(request), consent_id=consent_id, terms=terms)
        return Response(_document(request, serializers.ConsentSerializer, consent), status=201)


class ConsentWithdrawal(APIView):
    """Withdraw: as easy as giving."""

    def post(self, request: Request, consent_id: UUID) -> Response:
        """Withdraw one's own consent."""
        given = fields_of(fields.WithdrawalFields, request).validated_data
        withdraw(user=_user(request), consent_id=consent_id, reason=given["reason"])
        consent = consent_get(_user(request), consent_id)
        return Response(_document(request, serializers.ConsentSerializer, consent))


class Productions(APIView):
    """Productions."""

    def get(self, request: Request) -> Response:
        """List the visible ones."""
        rows = productions_visible(_user(request))
        return _page(self, request, rows, serializers.ProductionSerializer, "-created_at")

    def post(self, request: Request) -> Response:
        """Make a draft (multipart, part ``voice``, and ``background`` if a picture is given)."""
        given = fields_of(fields.ProductionFields, request)
        production = production_create(
            user=_user(request),
            cast=given.cast(_user(request)),
            draft=given.draft(),
            voice=request.FILES.get("voice"),
            background=request.FILES.get("background"),
        )
        return Response(
            _document(request, serializers.ProductionSerializer, production), status=201
        )


class ProductionDetail(APIView):
    """One production."""

    def get(self, request: Request, production_id: UUID) -> Response:
        """Return where it is."""
        production = production_get(_user(request), production_id)
        return Response(_document(request, serializers.ProductionSerializer, production))


class ProductionSubmission(APIView):
    """Submit a draft."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Pin the inputs and open the approval."""
        production = production_submit(user=_user(request), production_id=production_id)
        return Response(_document(request, serializers.ProductionSerializer, production))


class ProductionDecision(APIView):
    """Approve or reject."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Decide about exactly the digest that was seen."""
        given = fields_of(fields.DecisionFields, request).validated_data
        production = production_decide(
            user=_user(request),
            production_id=production_id,
            request_digest=given["request_digest"],
            word=Word(
                Verdict(given["decision"]), given["comment"], given["step"], given["in_name_of"]
            ),
        )
        return Response(_document(request, serializers.ProductionSerializer, production))


class ProductionCancellation(APIView):
    """Cancel one's own production."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Cancel."""
        production = production_cancel(user=_user(request), production_id=production_id)
        return Response(_document(request, serializers.ProductionSerializer, production))


class ProductionVideo(APIView):
    """The released file."""

    def get(self, request: Request, production_id: UUID) -> HttpResponseBase:
        """Deliver it; the delivery is in the log before the first byte leaves."""
        release = release_deliver(user=_user(request), production_id=production_id)
        stream = blob_open(Area.RELEASES, release.file_sha256)
        name = f"rakkan-{release.asset_id}.mp4"
        return FileResponse(stream, as_attachment=True, filename=name, content_type="video/mp4")


class ProductionCaptions(APIView):
    """The captions of the released file, as WebVTT."""

    def get(self, request: Request, production_id: UUID) -> HttpResponseBase:
        """Deliver them under the same conditions as the video, and noted as it is."""
        user = _user(request)
        release = release_deliver(user=user, production_id=production_id, captions=True)
        kept = release.captions
        stream = blob_open(Area.RELEASES, kept.file_sha256)
        name = f"rakkan-{release.asset_id}.{kept.language}.vtt"
        return FileResponse(stream, as_attachment=True, filename=name, content_type=MEDIA_TYPE)


class ProductionEvidence(APIView):
    """What proves it."""

    def get(self, request: Request, production_id: UUID) -> Response:
        """Return the evidence file."""
        return Response(evidence_export(user=_user(request), production_id=production_id))
