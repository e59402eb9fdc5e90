"""What went wrong, in the language of the page: by code, since the errors speak English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Said = str | Promise


class Words(NamedTuple):
    """A sentence that says what is wrong and one that says what to do.

    ``precise`` marks errors whose own message names things the sentence cannot know.
    """

    title: Said
    remedy: Said
    precise: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What a page shows of an error."""

    code: str
    title: str
    detail: str
    remedy: str


_AGAIN = _("Try again in a moment.")
_GATE_AGAIN = _("Make a new production once the reason is gone.")
_NEW_CONSENT = _("Ask the depicted person to grant one in their own account.")
_NEW_VOICE_CONSENT = _("Ask the person who speaks to grant one in their own account.")
_RESPECT = _("Respect it; nothing can be made or shown under this consent any more.")
_OTHER_APPROVER = _("Ask another approver.")
_NEW_CHECK = _("Start a new check; each challenge is used once.")
_ASK_AGAIN = _("Start again from your identity checks; if it stays so, hand in evidence instead.")
_NEW_PRODUCTION = _("Make a new production.")
_WAIT = _("Wait a few seconds and try again.")
_OTHER_ROLE = _("Sign in with an account that has this role, or ask whoever manages accounts.")
_READ_AGAIN = _("Reload the page, look at it again, then decide.")

TEXTS: dict[str, Words] = {
    "account-unknown": Words(
        _("No single account has this name or address."),
        _("Use the address of the account, or the id of the person."),
    ),
    "address-invalid": Words(_("This is no e-mail address."), _("Check it and try again.")),
    "address-refused": Words(
        _("This is no public https address."), _("Name one, without a user name in it.")
    ),
    "already-decided": Words(_("This was decided already."), ""),
    "already-submitted": Words(_("Its approval was opened before."), ""),
    "another-address": Words(
        _("The invitation went to another address than the one you are signed in with."),
        _("Sign out, then open the link again."),
    ),
    "approval-expired": Words(_("The approval has expired."), _NEW_PRODUCTION),
    "approval-missing": Words(_("It is not approved."), ""),
    "approval-rejected": Words(_("An approver rejected the request."), _NEW_PRODUCTION),
    "assurance-audience": Words(
        _("The identity provider's answer is for somebody else."), _ASK_AGAIN
    ),
    "assurance-code": Words(
        _("The identity provider does not know this answer, or has given it before."), _ASK_AGAIN
    ),
    "assurance-denied": Words(_("The identity provider did not say who you are."), _ASK_AGAIN),
    "assurance-expired": Words(_("The identity provider has answered too late."), _ASK_AGAIN),
    "assurance-framework": Words(
        _("The rules by which the provider has verified you are not accepted here."), _ASK_AGAIN
    ),
    "assurance-incomplete": Words(
        _("The identity provider vouches for no full name and date of birth."), _ASK_AGAIN
    ),
    "assurance-issuer": Words(
        _("The answer does not come from this identity provider."), _ASK_AGAIN
    ),
    "assurance-level": Words(
        _("The identity provider is not sure enough of who you are."), _ASK_AGAIN
    ),
    "assurance-minor": Words(
        _("By the date of birth that the provider vouches for, you are a minor."),
        _("A parent or legal guardian acts for you: they need an invitation of their own."),
    ),
    "assurance-missing": Words(
        _("The identity provider vouches for nothing that was asked for."), _ASK_AGAIN
    ),
    "assurance-nonce": Words(_("The answer is not one to our question."), _ASK_AGAIN),
    "assurance-old": Words(_("The identity provider verified you too long ago."), _ASK_AGAIN),
    "assurance-stale": Words(_("The identity provider's answer is not of now."), _ASK_AGAIN),
    "assurance-state": Words(_("This is not what was asked from here."), _ASK_AGAIN),
    "assurance-subject": Words(
        _("The identity provider's answer speaks of two people."), _ASK_AGAIN
    ),
    "assurance-unavailable": Words(
        _("The identity provider cannot be asked at the moment."),
        _("Try again later, or hand in evidence instead."),
    ),
    "assurance-undated": Words(
        _("The identity provider does not say when it verified you."), _ASK_AGAIN
    ),
    "assurance-unknown": Words(_("No identity provider was asked from here."), _ASK_AGAIN),
    "assurance-unsigned": Words(_("The identity provider has not signed its answer."), _ASK_AGAIN),
    "assurance-used": Words(_("The identity provider has answered before."), _ASK_AGAIN),
    "auditor-term": Words(
        _("An auditor's role has an end, at most a year away."),
        _("Choose the last day of the audit."),
    ),
    "biometric-consent-missing": Words(
        _("The person has not consented to biometric matching."),
        _("The person gives this consent in their own account, before the check."),
    ),
    "biometric-consent-not-explicit": Words(
        _("This consent is given explicitly or not at all."),
        _("Say yes to it by itself, or leave it."),
    ),
    "busy": Words(_("Others are having files looked at just now."), _("Try again in a minute.")),
    "examination-broke-off": Words(
        _("Looking at the file broke off."), _("Send a screenshot of it instead.")
    ),
    "examination-too-long": Words(
        _("It takes too long to look at."), _("Send a part of the video, or a screenshot.")
    ),
    "blob-missing": Words(_("A stored file cannot be read at the moment."), _AGAIN),
    "cancelled": Words(_("The requester cancelled it."), _NEW_PRODUCTION),
    "came-of-age": Words(
        _("The person has come of age."), _("They act for themselves: invite them.")
    ),
    "cancelled-as-stuck": Words(
        _("An operator cancelled it, because it did not get on."), _NEW_PRODUCTION
    ),
    "changes-requested": Words(
        _("An approver asks for changes."),
        _("Make a new draft from this one and change what the comment names."),
    ),
    "approval-changes-requested": Words(_("An approver asks for changes."), _NEW_PRODUCTION),
    "channels-invalid": Words(_("Choose at least one channel."), ""),
    "code-wrong": Words(
        _("The code is wrong, or was used before."),
        _("Wait for the next code of your authenticator app and type that one."),
    ),
    "code-missing": Words(
        _("This account has a second factor: a code is missing."),
        _("Send the current code of the authenticator app as `code`."),
    ),
    "comment-empty": Words(
        _("Changes are asked for, but not which."), _("Say in the comment what has to change.")
    ),
    "export-running": Words(
        _("An export of your organisation is under way."), _("Wait until it has ended.")
    ),
    "log-not-signed": Words(
        _("The log has signed no checkpoint yet, so nothing could be checked."), _AGAIN
    ),
    "not-published-yet": Words(_("No checkpoint covers this event yet."), _AGAIN),
    "speaker-cannot-approve": Words(
        _("The person who speaks gives consent; somebody else approves."), _OTHER_APPROVER
    ),
    "speaker-missing": Words(
        _("It does not name who speaks."),
        _("Make a new draft that names whose voice is heard."),
    ),
    "engine-background-picture": Words(
        _("This engine shows no picture that is given for the background."),
        _("Leave the picture out, or choose the engine mesh."),
    ),
    "engine-not-here": Words(
        _("No worker is here that draws with this engine."),
        _("Choose another engine, or have a worker started that has it."),
    ),
    "voice-engine-invalid": Words(
        _("Synthetic speech names the engine that made it; a recording names none."),
        _("Give the engine's name and version, in at most 60 characters."),
    ),
    "voice_origin-invalid": Words(
        _("Say whether the voice track is a recording or synthetic speech."), ""
    ),
    "not-the-speaker": Words(
        _("Only the person who speaks decides about their voice."),
        _("Ask the person who speaks to do this in their own account."),
    ),
    "sample-not-measured": Words(_("The voice sample has not been measured yet."), _WAIT),
    "sample-not-yours": Words(
        _("Voice samples are heard by their owner, approvers and auditors only."),
        _("Ask an approver to compare it with the voice track."),
    ),
    "sample-unusable": Words(
        _("The voice sample is unusable."),
        _("Add another recording of one person speaking clearly."),
    ),
    "target-missing": Words(
        _("A consent is about a portrait, a voice, or both."),
        _("Choose a portrait, a voice, or both."),
    ),
    "voice-consent-expired": Words(
        _("The consent to use the voice has expired."), _NEW_VOICE_CONSENT
    ),
    "voice-consent-missing": Words(
        _("The person who speaks has given no consent to use this voice."), _NEW_VOICE_CONSENT
    ),
    "voice-consent-not-yet": Words(
        _("The consent to use the voice is not valid yet."), _("Wait for the start of its term.")
    ),
    "voice-consent-out-of-scope": Words(
        _("The consent to use the voice does not cover this request."),
        _("Change the request, or ask the person for a wider consent."),
        precise=True,
    ),
    "voice-consent-superseded": Words(
        _("The person who speaks has narrowed the consent to use their voice."),
        _("Make a new production within the narrower consent."),
    ),
    "voice-consent-withdrawn": Words(
        _("The person who speaks has withdrawn the consent to use their voice."), _RESPECT
    ),
    "consent-ended": Words(_("This consent has ended."), _("Grant a new one instead.")),
    "consent-expired": Words(_("The consent has expired."), _NEW_CONSENT),
    "consent-missing": Words(
        _("The depicted person has given no consent for this likeness."), _NEW_CONSENT
    ),
    "consent-not-narrower": Words(
        _("This allows something that the consent does not allow."),
        _("Take things away only; grant a new consent for anything wider."),
    ),
    "consent-not-yet": Words(
        _("The consent is not valid yet."), _("Wait for the start of its term.")
    ),
    "consent-out-of-scope": Words(
        _("The consent does not cover this."),
        _("Change the request, or ask the depicted person for a wider consent."),
        precise=True,
    ),
    "biometric-not-for-others": Words(
        _("A face or voice is compared only for who agrees to that themself."),
        _("Hand in evidence of whom you act for; an approver compares their voice by ear."),
    ),
    "challenge-expired": Words(_("The minute for this challenge is over."), _NEW_CHECK),
    "check-not-own": Words(
        _("Nobody does this check for somebody else."),
        _("Hand in evidence of whom you act for instead."),
    ),
    "challenge-missing": Words(_("The recording answers no challenge."), _NEW_CHECK),
    "challenge-unknown": Words(_("This challenge is not for you, or not for here."), _NEW_CHECK),
    "challenge-used": Words(_("This challenge was answered before."), _NEW_CHECK),
    "consent-superseded": Words(
        _("The depicted person has narrowed the consent."),
        _("Make a new production within the narrower consent."),
    ),
    "consent-unchanged": Words(
        _("Nothing was taken away."),
        _("Take something away, or leave the consent as it is."),
    ),
    "consent-withdrawn": Words(_("The depicted person has withdrawn the consent."), _RESPECT),
    "credentials-wrong": Words(
        _("E-mail address or password is wrong."), _("Check both and try again.")
    ),
    "delegation-missing": Words(
        _("You have no delegation of this person at the moment."),
        _("Decide in your own name, or ask them for one."),
    ),
    "delegation-to-oneself": Words(
        _("A delegation is to somebody else."), _("Choose a colleague.")
    ),
    "depicted-cannot-approve": Words(
        _("The depicted person gives consent; somebody else approves."), _OTHER_APPROVER
    ),
    "digest-mismatch": Words(
        _("The decision is about other inputs than the request has."), _READ_AGAIN
    ),
    "file-empty": Words(
        _("The file is empty (0 bytes)."),
        _("Check that the file was exported completely, then send it again."),
    ),
    "file-missing": Words(_("No file was sent."), _("Choose a file.")),
    "file-not-a-recording": Words(
        _("The file is no recording of a browser."), _("Record it again with the page.")
    ),
    "file-not-an-image": Words(
        _("The file is not a photo we can read, whatever its name says."),
        _("Send a JPEG, PNG or WebP photo."),
    ),
    "file-not-audio": Words(
        _("The file is not audio we can read, whatever its name says."),
        _("Send WAV, FLAC, MP3, M4A, AAC, Ogg or WebM."),
    ),
    "file-too-large": Words(_("The file is too large."), _("Send a smaller file."), precise=True),
    "gate-lips": Words(
        _("Nobody has looked whether the lips of this file follow the voice."),
        _GATE_AGAIN,
        precise=True,
    ),
    "gate-lips-no-face": Words(
        _("The video shows a face in too few frames to see whether the lips follow the voice."),
        _("Make a new production with a photo that shows the whole face from the front."),
        precise=True,
    ),
    "gate-lips-not-judged": Words(
        _("No worker could look whether the lips follow the voice."),
        _("Make a new production, and tell the operators."),
        precise=True,
    ),
    "gate-lips-out-of-step": Words(
        _("The lips in the video do not follow the voice."),
        _(
            "Make a new production; if it happens again, choose another recording or photo, and"
            " tell the operators."
        ),
        precise=True,
    ),
    "guardianship-ended": Words(_("The guardianship has ended."), ""),
    "identity-not-verified": Words(
        _("The depicted person's identity is not verified."),
        _("Hand in evidence and wait for a reviewer's decision."),
    ),
    "image-animated": Words(
        _("The picture is animated."),
        _("Save the one picture that is meant as a JPEG, PNG or WebP."),
    ),
    "image-heif": Words(
        _("It is a HEIC, HEIF or AVIF photo, which not everybody who has to look at it can see."),
        _("Export it as a JPEG; on an iPhone, Settings, Camera, Formats, Most Compatible."),
    ),
    "image-too-large": Words(
        _("The photo has too many pixels."),
        _("Downsize it: 2,000 pixels on the long side are plenty."),
        precise=True,
    ),
    "invitation-ended": Words(
        _("The invitation has ended."), _("Invite again, if it is still needed.")
    ),
    "invitation-expired": Words(
        _("The invitation has run out."), _("Ask whoever invited you for a new one.")
    ),
    "invitation-revoked": Words(
        _("The invitation was taken back."),
        _("Ask whoever invited you; a newer message may have a newer link."),
    ),
    "invitation-used": Words(
        _("The invitation was used already."), _("Sign in with the account you made.")
    ),
    "background-not-permitted": Words(
        _("The consent permits no other background."),
        _("Make a new draft without a picture for the background, or ask for a wider consent."),
    ),
    "background-shows-people": Words(
        _("The picture for the background shows a face."),
        _("Give a picture without people: nobody has asked whether they want to be in it."),
    ),
    "background-unreadable": Words(
        _("The picture for the background cannot be read."),
        _("Save it as a JPEG, PNG or WebP picture and make a new draft."),
        precise=True,
    ),
    "label-empty": Words(_("The AI label has no words."), _("Say what viewers shall read.")),
    "label-letters": Words(
        _("The AI label has letters that cannot be drawn."),
        _("Ask for a consent whose AI label has letters of a language that is listed."),
        precise=True,
    ),
    "label-too-long": Words(
        _("The AI label is so long that it would cover the face."),
        _("Ask for a consent whose AI label has fewer words."),
    ),
    "label-missing": Words(
        _("It has no visible AI label: it was submitted before there were any."),
        _("Make a new production and have it approved."),
    ),
    "endpoint-ended": Words(_("The webhook has ended."), _("Add it again first.")),
    "endpoints-enough": Words(
        _("There are as many webhooks as there may be."), _("End one first.")
    ),
    "erasure-asked": Words(_("The person's data is being erased already."), ""),
    "hold-ended": Words(_("The hold has ended."), _("Set another one.")),
    "legal-hold": Words(
        _("A legal hold keeps this data."),
        _("Ask again when the hold has ended, or ask the organisation's legal department."),
        precise=True,
    ),
    "message-open": Words(_("The message is still being tried."), _("Wait for it.")),
    "own-hold": Words(_("Nobody sets or ends a hold on their own data."), _OTHER_APPROVER),
    "period-invalid": Words(_("A period has 1 to 3650 days."), _("Choose another number of days.")),
    "reason-empty": Words(_("The reason is empty."), _("Say why.")),
    "topics-invalid": Words(_("Choose at least one thing to be told."), ""),
    "last-administrator": Words(
        _("An organisation keeps at least one administrator."),
        _("Make somebody else an administrator first."),
    ),
    "link-invalid": Words(
        _("This link is not valid."), _("Open it exactly as it stands in the message you got.")
    ),
    "majority-unfit": Words(
        _("A minor's record says when they come of age, a day ahead; no other does."),
        _("Who is of age acts for themselves: they get an invitation of their own."),
    ),
    "name-empty": Words(_("The name is empty."), _("Write your name.")),
    "no-policy": Words(
        _("No approval policy of the organisation covers this request, so it cannot be approved."),
        _("Ask whoever manages the organisation to set one up."),
    ),
    "not-acting-for-the-person": Words(
        _("Only the person, or who acts for them, decides about this."),
        _("Ask them to do it in their own account."),
    ),
    "not-alone": Words(
        _("A minor does not decide about this alone."),
        _("A parent or legal guardian decides, in an account of their own."),
    ),
    "not-found": Words(_("There is no such thing, or it is not for you to see."), ""),
    "not-permitted": Words(_("Your account may not do this."), _OTHER_ROLE),
    "not-released": Words(
        _("There is no released file yet."),
        _("Wait until it is released, or look at why it ended."),
    ),
    "not-the-depicted-person": Words(
        _("Only the depicted person decides about their likeness."),
        _("Ask the depicted person to do this in their own account."),
    ),
    "not-stuck": Words(_("It is not stuck."), _("Leave it alone; its requester can cancel it.")),
    "other-organisation": Words(
        _("Your account belongs to another organisation."),
        _("Ask to be invited with another address."),
    ),
    "own-account": Words(
        _("Nobody changes their own account or roles."), _("Ask another administrator.")
    ),
    "own-identity": Words(_("Nobody reviews their own identity."), _("Ask another reviewer.")),
    "passkey-wrong": Words(
        _("The passkey was not accepted."),
        _("Try again with a passkey of this account, or use a code."),
    ),
    "password-wrong": Words(_("The password is wrong."), _("Check it and try again.")),
    "password-weak": Words(
        _("The password is too easy to guess."),
        _("Choose a longer one that is not on a list of common passwords."),
        precise=True,
    ),
    "portrait-not-measured": Words(_("The portrait has not been measured yet."), _WAIT),
    "portrait-unusable": Words(
        _("The portrait is unusable."), _("Add another photo; its page says why."), precise=True
    ),
    "prompt-too-long": Words(
        _("The prompt is longer than 500 characters."), _("Say it in fewer words.")
    ),
    "own-change": Words(
        _("Nobody confirms their own change of rules."), _("Ask another administrator.")
    ),
    "rule-backdated": Words(
        _("Rules do not change for the past."),
        _("Choose a day to come, or none: then it begins once it is confirmed."),
    ),
    "rule-invalid": Words(
        _("A rule has a name and holds known words only."), _("Choose from the lists.")
    ),
    "rule-not-in-force": Words(
        _("It is not in force, or its end is proposed already."),
        _("Look at the changes that wait."),
    ),
    "steps-invalid": Words(
        _("Each step has a name of its own, a stage and asks for at least one person."),
        _("Correct the steps."),
    ),
    "reauthentication-needed": Words(
        _("Confirm first that it is you: this takes a code or a passkey used just now."),
        _("Confirm with a code of your authenticator app or with a passkey, then go on."),
    ),
    "recording-destroyed": Words(_("The recording was destroyed."), ""),
    "recording-not-measured": Words(_("The recording has not been measured yet."), _WAIT),
    "recording-unusable": Words(
        _("The recording did not pass the measurement."),
        _("Say no; the person can start a new check or hand in evidence."),
    ),
    "rejected": Words(
        _("An approver rejected the request."), _("Make a new draft that answers the comment.")
    ),
    "relation-unfit": Words(
        _("Nobody acts for this person in that relation."),
        _(
            "For a minor: a parent or legal guardian. For a deceased person: an heir or rights "
            "holder. Everybody else acts for themselves."
        ),
    ),
    "release-revoked": Words(_("The release was revoked."), _("Do not use copies you have.")),
    "review-refused": Words(
        _("Who watched the result refused its release."),
        _("Make a new draft that answers the comment."),
        precise=True,
    ),
    "reviewer-involved": Words(
        _("Neither the requester nor who is seen or heard reviews the result."), _OTHER_APPROVER
    ),
    "preview-exists": Words(
        _("There is a preview already."), _("Look at it, or wait until it is drawn.")
    ),
    "pack-ended": Words(_("The evidence pack has ended."), _("Ask for a new one.")),
    "pack-limit": Words(
        _("There are as many evidence packs of this video as there may be."),
        _("Download one of them; each ends by itself."),
    ),
    "pack-waiting": Words(_("The evidence pack is not built yet."), _AGAIN),
    "language-unknown": Words(
        _("No summary is written in this language."), _("Choose English or Japanese.")
    ),
    "not-provable-yet": Words(_("It cannot be proven yet: the log does not cover it."), _AGAIN),
    "preview-limit": Words(
        _("There were as many previews of this request as there may be."),
        _("Decide on what you have seen."),
    ),
    "preview-over": Words(
        _("The preview has ended."), _("Ask for another one if it is still to be decided on.")
    ),
    "request-changed": Words(
        _("What was approved is not what the request says now."), _NEW_PRODUCTION
    ),
    "requester-acts-for-the-person": Words(
        _("Who acts for a person does not request videos of them."),
        _("Let a colleague make the production."),
    ),
    "requester-cannot-approve": Words(_("Nobody approves their own request."), _OTHER_APPROVER),
    "role-held": Words(
        _("They hold this role already."),
        _("To change its term, take it away and grant it anew."),
    ),
    "role-not-held": Words(_("They do not hold this role."), _("Reload the page and look again.")),
    "roles-exclude-each-other": Words(
        _("Who looks after accounts or machines holds no role in productions."),
        _("Take the other roles away first, or choose somebody else."),
    ),
    "scope-empty": Words(
        _("Choose at least one purpose, channel, territory and language."),
        _("A consent without one of them allows nothing."),
    ),
    "second-factor-missing": Words(
        _("Your role demands a second factor, and this account has none yet."),
        _("Sign in on the site and set up an authenticator app or a passkey."),
    ),
    "seal-crashed": Words(_("Sealing broke off each time it was tried."), _NEW_PRODUCTION),
    "sign-in-first": Words(
        _("This address has an account: sign in with it first."),
        _("Sign in, then open the link again."),
    ),
    "step-not-open": Words(
        _("This step does not wait for a decision now."), _READ_AGAIN, precise=True
    ),
    "term-beyond-guardianship": Words(
        _("You do not act for this person as long as the consent would last."),
        _("Choose an earlier end."),
        precise=True,
    ),
    "term-invalid": Words(
        _("The term must end after it starts, and in the future."), _("Choose a later end.")
    ),
    "term-not-for-this-role": Words(
        _("An administrator's role has no end of its own."),
        _("Leave the end empty; another administrator takes the role away."),
    ),
    "territories-invalid": Words(_("Choose at least one territory."), ""),
    "title-empty": Words(_("The title is empty."), _("Name the video.")),
    "too-many-attempts": Words(
        _("There were too many attempts."), _("Wait five minutes, then try again.")
    ),
    "unavailable": Words(_("A part of the platform does not work at the moment."), _AGAIN),
    "use-forbidden": Words(
        _("A rule of the organisation forbids this use."),
        _("Respect it; no approval changes that."),
        precise=True,
    ),
    "voice-not-measured": Words(_("The voice track has not been measured yet."), _WAIT),
    "voice-unusable": Words(
        _("The voice track is unusable."),
        _("Make a new draft with another recording."),
        precise=True,
    ),
    "watches-full": Words(
        _("You have as many watch-lists as there may be."), _("End one that you need no more.")
    ),
    "wrong-state": Words(_("That is not possible at this point."), "", precise=True),
}
_GATE = Words(_("The release gate refused the file."), _GATE_AGAIN, precise=True)


def problem_of(about: Any) -> Problem | None:
    """Return what to show of an error or of a production's stored problem.

    English pages show the error's own words, which know more; pages in other languages show the
    sentence for its code and, where that leaves something out, the error's own words as detail.
    """
    found = _read(about)
    if found is None or (get_language() or "en").startswith("en"):
        return found
    words = TEXTS.get(found.code) or (_GATE if found.code.startswith("gate-") else None)
    if words is None:
        return found
    detail = found.detail
    if words.precise:
        detail = _japanese(about) or detail or found.title
    return Problem(found.code, str(words.title), detail, str(words.remedy))


def _japanese(about: Any) -> str:
    """Return what an organisation wrote in Japanese about its own rule, on Japanese pages."""
    if not (get_language() or "").startswith("ja"):
        return ""
    if isinstance(about, Mapping):
        return str(about.get("detail_ja", ""))
    return str(getattr(about, "detail_ja", ""))


def _read(about: Any) -> Problem | None:
    if isinstance(about, Problem):
        return about
    if isinstance(about, Mapping):
        fields = (str(about.get(name, "")) for name in ("code", "title", "detail", "remedy"))
        return Problem(*fields)
    if isinstance(about, Exception):
        code, remedy = getattr(about, "code", "error"), getattr(about, "remedy", "")
        return Problem(str(code), str(about), "", str(remedy))
    return None
