"""What goes on around a production: evidence, forged files, erasures of others."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from compliance.permit import JobKind
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.consents.models import Withdrawal
from rakkan.consents.services import consents_grant
from rakkan.core.blobs import Area, blob_check, blob_chunks
from rakkan.core.errors import NotFound, Unavailable
from rakkan.dispatch.models import Job
from rakkan.evidence.models import Pack, PackEnd, PackReady
from rakkan.evidence.selectors import pack_state
from rakkan.evidence.services import evidence_export, pack_deliver, pack_request, packs_expire
from rakkan.evidence.tasks import pack as build
from rakkan.evidence.tasks import tend
from rakkan.inspection.tasks import hourly
from rakkan.inspection.tasks import index as index_log
from rakkan.lifecycle.models import Erasure
from rakkan.lifecycle.services import erasure_ask, erasure_certificate, removals_resume
from rakkan.lifecycle.tasks import erase
from rakkan.likenesses.models import Guardianship
from rakkan.previews.models import Preview, PreviewEnd, PreviewReading
from rakkan.productions.models import Production
from rakkan.productions.services.receive import input_chunks
from rakkan.productions.services.withdraw import withdraw
from rakkan.productions.states import State
from rakkan.productions.tasks import read_preview
from rakkan.releases.models import Release, Revocation
from rakkan.vault.services import subject_is_erased
from rakkan.verification.selectors import asset_status
from rakkan.verification.services.recovering import recovery_write
from tests.integration import people
from tests.properties.files import preview_bytes
from tests.properties.invariants import represented_by
from tests.properties.reminding import Reminding
from tests.properties.walk import INDEX, JUNK, Lease
from tests.unit.compliance.jumbf import c2pa_box


class Proving(Reminding):
    """The whole walk."""

    packs: ClassVar[int] = 1  # built in one walk: each takes seconds, for it is verified

    def __init__(self) -> None:
        super().__init__()
        self.built = self.recoveries = 0
        self.secrets: dict[str, str] = {}  # of a certificate -> id of the erasure

    # -- evidence -------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from([7, 0, 4, 2, 8, 9, 6]),
        index=INDEX,
        with_video=st.booleans(),
        language=st.sampled_from(["en", "ja", "xx"]),
    )
    def ask_for_pack(self, who: int, index: int, with_video: bool, language: str) -> None:
        user = self.either(who, self.user(7))
        production = self.production(index, State.RELEASED)
        if production is None or Pack.objects.count() >= 6:
            return
        self.do(
            "ask for pack",
            lambda: pack_request(
                user=user,
                production_id=production.pk,
                language=language,
                with_video=with_video,
            ),
            may=language != "xx" and self._sees_released(user, production),
        )

    def _sees_released(self, user: User, production: Production) -> bool:
        assert production.speaker is not None
        roles = user_roles(user)
        team = roles & {Role.REQUESTER, Role.APPROVER, Role.AUDITOR}
        shown = represented_by(production.likeness.person, self.moment)
        own = user.pk in shown | represented_by(production.speaker.person, self.moment)
        return (
            user.organisation_id == production.organisation_id
            and bool(team or own)
            and production.state in (State.RELEASED, State.REVOKED)
        )

    @rule(which=INDEX, times=st.integers(1, 2))
    def build_pack(self, which: int, times: int) -> None:
        """The seal worker gets the message, once or again, for a pack that waits or has ended."""
        rows = list(Pack.objects.order_by("requested_at"))
        if not rows:
            return
        row = rows[which % len(rows)]
        if pack_state(row) == "waiting":
            if self.built >= self.packs:
                return
            self.built += 1
            self._publish()  # what is not covered yet cannot be proven
        for _ in range(times):
            self.do("task pack", partial(build, str(row.pk)), told=False)

    @rule(who=st.sampled_from([7, 0, 4, 2, 8, 9]), which=INDEX)
    def take_pack(self, who: int, which: int) -> None:
        rows = list(Pack.objects.order_by("-requested_at"))
        if not rows:
            return
        user, row = self.either(who, self.user(7)), rows[which % len(rows)]
        production = row.production
        withdrawn = Withdrawal.objects.filter(
            consent__in=[production.consent, production.voice_consent]
        )
        packed = self.do(
            "take pack",
            lambda: pack_deliver(user=user, pack_id=row.pk),
            may=self._sees_released(user, production)
            and PackReady.objects.filter(pack=row).exists()
            and not PackEnd.objects.filter(pack=row).exists()
            and not (row.with_video and withdrawn.exists()),
        )
        if packed is not None:
            blob_check(Area.PACKS, packed.sha256)

    @rule(index=INDEX, way=st.sampled_from(["", "withdraw", "expire"]))
    def prove(self, index: int, way: str) -> None:
        """The way evidence should go, and what may come in between."""
        released = [one for one in self.productions() if one.state == State.RELEASED]
        if not released:
            return
        self.restore_accounts()
        production = released[index % len(released)]
        place = self._place(production)
        self.ask_for_pack(7, place, True, "en")
        last = Pack.objects.filter(production=production).count()
        self.ask_for_pack(7, place, False, "ja")
        which = list(Pack.objects.order_by("requested_at").values_list("production", flat=True))
        if last and production.pk in which:
            self.build_pack(which.index(production.pk), 1)
        if way == "withdraw" and production.consent is not None:
            consent = production.consent
            giver = User.objects.get(pk=consent.granted_by_id)
            self.do("withdraw", lambda: withdraw(user=giver, consent_id=consent.pk))
        if way == "expire":
            self.moment += timedelta(days=8)
            self.do("task tend", tend, told=False)
        for which_one in range(2):
            self.take_pack(7, which_one)
        self.do("expire packs", packs_expire, told=False)

    @rule(who=st.sampled_from([7, 0, 4, 2, 8, 9]), index=INDEX)
    def export_evidence(self, who: int, index: int) -> None:
        user, production = self.either(who, self.user(7)), self.production(index, State.RELEASED)
        if production is not None:
            self.do(
                "export evidence",
                lambda: evidence_export(user=user, production_id=production.pk),
                may=self._sees_released(user, production),
            )

    @rule(index=INDEX)
    def ask_status(self, index: int) -> None:
        """Anybody asks about a mark they found: what was never released is not known as such."""
        production = self.production(index)
        if production is None:
            return
        try:
            status = asset_status(production.asset_id)
        except NotFound:
            assert production.state not in (State.RELEASED, State.REVOKED)
            return
        under = [production.consent, production.voice_consent]
        called_back = Revocation.objects.filter(release__subject_id=production.pk).exists()
        assert status.status == ("revoked" if called_back else "released")
        withdrawn = Withdrawal.objects.filter(consent__in=under).exists()
        assert not withdrawn or status.consent != "live", "a withdrawn consent is told as live"

    @precondition(lambda self: self.recoveries < Proving.packs)
    @rule(index=INDEX)
    def recover_copy(self, index: int) -> None:
        """An operator gives a copy without a manifest its own back; not what was called back."""
        production = self.production(index, State.RELEASED)
        release = Release.objects.filter(subject_id=getattr(production, "pk", None)).first()
        if (
            production is None
            or release is None
            or subject_is_erased(production.likeness.person_id)
        ):
            return
        self.recoveries += 1  # each decodes the video several times
        stands = asset_status(production.asset_id)
        with tempfile.TemporaryDirectory() as folder:
            copy, target = Path(folder) / "copy.mp4", Path(folder) / "recovered.mp4"
            try:
                data = b"".join(blob_chunks(Area.RELEASES, release.file_sha256))
            except Unavailable:
                return  # retention has disposed of it
            found = c2pa_box(data)
            copy.write_bytes(data[: found.start] + data[found.end :])
            self.do(
                "recover copy",
                lambda: recovery_write(copy, target),
                may=stands.status == "released" and stands.consent == "live",
                told=False,
            )

    # -- workers: what they are given, and files they forge ----------------------------------------

    @rule(index=INDEX, forged=st.integers(0, 3), other=st.booleans())
    def fetch_inputs(self, index: int, forged: int, other: bool) -> None:
        """Fetch what a job needs by a lease that may be lost or made up; or something else."""
        lease = self.lease(index, forged)
        if lease is not None:
            self._fetch(lease, forged, other)

    def _claim(self, job: Job, able: bool = True) -> Lease | None:
        lease = super()._claim(job, able)
        if lease is not None and self.chance.random() < 0.3:
            self._fetch(lease)
        return lease

    def _fetch(self, lease: Lease, forged: int = 0, other: bool = False) -> None:
        job = Job.objects.get(pk=lease.job_id)
        if subject_is_erased(job.person_id):
            return
        spec = job.job_spec()
        inputs = ["0" * 64] if other else [item.sha256 for item in spec.inputs]
        for sha256 in inputs:
            read = self.do(
                "fetch input",
                lambda sha256=sha256: b"".join(
                    input_chunks(job_id=lease.job_id, lease=lease.token, sha256=sha256)
                ),
                may=forged != 1 and not other and job.state == "leased",
                told=False,
            )
            plain = job.kind != JobKind.MEASURE or spec.engine != "identity"
            assert read is None or not plain or hashlib.sha256(read).hexdigest() == sha256

    @rule(
        index=INDEX,
        data=st.sampled_from(["another", "release", "junk", "own"]),
        times=st.integers(1, 2),
    )
    def forge_preview(self, index: int, data: str, times: int) -> None:
        """A worker hands in another picture as a preview: nobody is ever shown it."""
        self.restore_accounts()
        for _ in range(2):
            production = self.production(index)
            if production is None or production.state != State.DRAFT:
                break
            self._step(index)
        if production is None or production.state != State.IN_APPROVAL:
            return
        place = self._place(production)
        self.ask_for_preview(4, place)
        newest = Preview.objects.filter(subject_id=production.pk).last()
        jobs = Job.objects.filter(subject_id=newest.pk) if newest else Job.objects.none()
        if newest is None or not jobs.exists():
            return
        lease = self._claim(jobs.latest("created_at"))
        if lease is None:
            return
        files = {
            "own": preview_bytes(newest.asset_id),
            "another": preview_bytes("00112233445566ff"),
            "release": self.assets.get(production.asset_id, JUNK),
            "junk": JUNK,
        }
        self._hand_in(lease, files[data])
        self.watch_preview(4, place)  # nobody has read it yet
        for _ in range(times):
            self.do("task read preview", partial(read_preview, str(newest.pk)), told=False)
        read = PreviewReading.objects.filter(file__preview=newest).exists()
        assert data == "own" or not read, f"{data} was read as the preview's own picture"
        handed = hasattr(newest, "file")
        ended = PreviewEnd.objects.filter(preview=newest).exists()
        assert not handed or read or ended, "what names another picture lies there, not ended"
        self.watch_preview(4, place)

    # -- consents about both, erasures of others ------------------------------------------------

    @rule(who=st.sampled_from([2, 2, 13, 3, 0]))
    def grant_both(self, who: int) -> None:
        """Consent to portrait and voice in one act; all of it or none."""
        user = self.user(who)
        person = getattr(user, "person", None)
        traits = [*person.likenesses.all()[:1], *person.voices.all()[:1]] if person else []
        if not traits:
            return
        terms = people.terms(
            permitted_changes=["expression", "synthetic_speech"],
            valid_from=self.moment,
            valid_until=self.moment + timedelta(days=30),
        )
        granted = self.do(
            "grant both",
            lambda: consents_grant(user=user, traits=traits, terms=terms),
            may=Role.DEPICTED_PERSON in user_roles(user),
        )
        assert granted is None or len(granted) == len(traits)

    @rule(who=INDEX, index=INDEX, own=st.booleans(), really=st.integers(0, 2))
    def erase_for_somebody(self, who: int, index: int, own: bool, really: int) -> None:
        """Ask for the erasure of a person somebody acts for; mostly by who does not."""
        row = self._guardianship(index)
        if row is None:
            return
        if own and not hasattr(row, "decision"):
            self.restore_accounts()
            self.decide_guardianship(6, self._place_of(row), True)
        user = User.objects.get(pk=row.guardian_id) if own else self.user(who)
        may = user.pk in represented_by(row.person, self.moment + timedelta(seconds=1))
        if may and really:  # not too often: there are three of them in a walk
            return
        asked = self.do(
            "ask for erasure of another",
            lambda: erasure_ask(user=user, person_id=row.person_id),
            may=may and not Erasure.objects.filter(person=row.person).exists(),
        )
        if asked is not None:
            self.secrets[asked[1]] = str(asked[0].pk)
            for _ in range(2):
                self.do("carry out erasure", partial(erase, str(asked[0].pk)), told=False)
            self.read_certificate(0, False)

    @staticmethod
    def _place_of(row: Guardianship) -> int:
        ids = Guardianship.objects.order_by("submitted_at").values_list("pk", flat=True)
        return list(ids).index(row.pk)

    @rule(which=INDEX, forged=st.booleans())
    def read_certificate(self, which: int, forged: bool) -> None:
        if not self.secrets:
            return
        secret = list(self.secrets)[-1 - which % len(self.secrets)]
        found = self.do(
            "read certificate",
            lambda: erasure_certificate(secret=secret[::-1] if forged else secret),
            may=not forged,
            told=False,
        )
        if found is not None and found["state"] == "done":
            assert found["statement"]["erasure"] == self.secrets[secret]

    def _tasks(self, index: int) -> list[tuple[str, Callable[[], Any]]]:
        tasks = super()._tasks(index)
        tasks += [("tend packs", tend), ("index", index_log), ("hourly", hourly)]
        ended = list(Pack.objects.filter(end__isnull=False).order_by("requested_at"))
        if ended:  # those that wait: build_pack
            tasks.append(("pack", partial(build, str(ended[index % len(ended)].pk))))
        return tasks

    @rule(index=INDEX)
    def refuse_result(self, index: int) -> None:
        """Somebody watches the finished video and says no; what it left behind goes."""
        production = self.production(index)
        if production is not None and production.state == State.IN_REVIEW:
            self.restore_accounts()
            self.review(4, self._place(production), accepted=False)
        self.do("resume removals", removals_resume, told=False)
