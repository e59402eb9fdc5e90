"""The words of the summary and of README.txt, in English and Japanese."""

# ruff: noqa: RUF001  Japanese has signs of its own for brackets and colons

LANGUAGES = ("en", "ja")

# key -> English, Japanese
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Evidence of one video", "動画1本の制作の証跡"),
    "subtitle": (
        "Summary of an evidence pack, signed by the publisher",
        "証跡パックの要約（発行者の電子署名付き）",
    ),
    "intro": (
        "This document says who agreed to this video, who approved it, what was made and by which "
        "model. It is signed and time-stamped. It is a part of an evidence pack: a zip file whose "
        "other members prove what is said here. How to check them is on the last page.",
        "この文書は、この動画に誰が同意し、誰が承認し、どのモデルで何が作られたかを示します。"
        "電子署名とタイムスタンプが付いています。証跡パック（zipファイル）の一部であり、"
        "ここに書かれたことはパック内の他のファイルで証明されます。検証の方法は最後にあります。",
    ),
    "ended": ("What happened since", "公開後の経過"),
    "ended-note": (
        "Consent or release have changed since. Ask the publisher before you use the video.",
        "公開後に同意または公開の状態が変わりました。動画を使う前に発行者に確認してください。",
    ),
    "video": ("The video", "動画"),
    "agreed": ("Who agreed", "同意した人"),
    "approved": ("Who approved", "承認した人"),
    "permitted": ("What allowed the rendering", "生成を許可したもの"),
    "made": ("What was made, and by which model", "作られたものと使われたモデル"),
    "marks": ("How it is marked", "付けられた印"),
    "gate": ("The release gate", "公開前の検査"),
    "log": ("Its place in the log", "監査ログでの位置"),
    "check": ("How to check this", "検証の方法"),
    "likeness": ("Consent of the person who is seen", "映っている人の同意"),
    "voice": ("Consent of the person who is heard", "声の主の同意"),
    "name": ("Title", "題名"),
    "production": ("Production", "制作番号"),
    "asset_id": ("Asset id", "アセットID"),
    "file": ("File (SHA-256)", "ファイル (SHA-256)"),
    "size": ("Size", "大きさ"),
    "bytes": ("{:,} bytes", "{:,} バイト"),
    "released_at": ("Released", "公開日時"),
    "purpose": ("Purpose", "目的"),
    "purposes": ("Purposes", "目的"),
    "channels": ("Channels", "媒体"),
    "territories": ("Territories", "地域"),
    "language": ("Language", "言語"),
    "languages": ("Languages", "言語"),
    "requester": ("Requested by (account)", "依頼者（アカウント）"),
    "request_digest": ("Request (SHA-256)", "依頼内容 (SHA-256)"),
    "voice_origin": ("Voice", "声"),
    "controller": ("Given to", "同意の相手"),
    "person": ("Person (pseudonym)", "本人（仮名のID）"),
    "granted_at": ("Given", "同意した日時"),
    "term": ("Valid", "有効期間"),
    "until": ("{} until {}", "{} ～ {}"),
    "permitted_changes": ("May be changed", "変更してよいもの"),
    "nothing": ("nothing", "なし"),
    "ai_label": ("Viewers are told", "視聴者への表示"),
    "identity_method": ("Identity", "本人確認"),
    "supersedes": ("Narrows consent", "範囲を狭めた元の同意"),
    "receipt": ("Receipt (SHA-256)", "同意の控え (SHA-256)"),
    "consent_id": ("Consent", "同意番号"),
    "policy": ("Policy of then", "当時の承認ポリシー"),
    "asks": ("{}: {} needed", "{}：{}人"),
    "accounts": (
        "Accounts are named by their ids; the publisher knows whose they are.",
        "アカウントはIDで示します。誰のものかは発行者が知っています。",
    ),
    "step": ("Step", "段階"),
    "approver": ("Approved by (account)", "承認者（アカウント）"),
    "decided_at": ("When", "日時"),
    "deputy": ("{} in the name of {}", "{}（{}の代理）"),
    "reviewers": ("Watched before release", "公開前に視聴した人数"),
    "permit_id": ("Permit", "許可証"),
    "issued_at": ("Issued", "発行日時"),
    "expires_at": ("Expired", "失効日時"),
    "engine": ("Engine", "エンジン"),
    "model": ("Model", "モデル"),
    "digest": ("SHA-256", "SHA-256"),
    "credentials": ("Content credentials (C2PA)", "来歴情報 (C2PA)"),
    "signed-by": ("signed by {}, time-stamped {}", "署名：{}、タイムスタンプ：{}"),
    "disclosure": ("Disclosure in the file", "ファイル内の開示"),
    "watermark": ("Watermark in the pixels", "画素の電子透かし"),
    "status_url": ("Ask whether it still stands", "現在の状態の確認先"),
    "origin": ("Log", "ログ"),
    "checkpoint": ("Checkpoint", "チェックポイント"),
    "events-root": ("{:,} events, root {}", "{:,} 件、ルート {}"),
    "stamped_at": ("Time-stamped (RFC 3161)", "タイムスタンプ (RFC 3161)"),
    "cosigners": ("Cosigned by", "連署した証人"),
    "nobody": ("nobody", "なし"),
    "number": ("Number", "番号"),
    "event": ("Event", "出来事"),
    "passed": ("passed", "合格"),
    "lips-in-step": ("passed (correlation {})", "合格（相関 {}）"),
    "lips-no-speech": ("not judged: hardly any speech", "判定対象外（発話がほとんどない）"),
    "failed": ("failed", "不合格"),
    "check-text": (
        "Whoever holds the publisher's public keys can check all of this without the publisher and "
        "without a network. Take the keys once, from somebody you can hold to it, and not from "
        "this pack: the ones in it are for information only.",
        "発行者の公開鍵を持っていれば、発行者にもネットワークにも頼らずにすべてを検証できます。"
        "公開鍵は責任を問える相手から一度だけ受け取ってください。パック内の鍵は参考であり、"
        "検証の根拠にはなりません。",
    ),
    "check-facts": (
        "The facts of this document are embedded in it as facts.json. The verifier writes them "
        "again from the pack and compares every byte. Their SHA-256:",
        "この文書の記載事項は facts.json として埋め込まれています。検証プログラムはパックから同じ"
        "ものを作り直し、全バイトを比べます。その SHA-256：",
    ),
    "check-limit": (
        "What cannot be checked from here: whether consent was withdrawn after this pack was made. "
        "The address above answers that.",
        "この文書だけでは、パック作成後に同意が撤回されたかどうかは分かりません。"
        "上記の確認先に問い合わせてください。",
    ),
    "page": ("Page {} of {{nb}}", "{} / {{nb}} ページ"),
    "gate-file": ("It is the file that was signed", "署名されたファイルそのものである"),
    "gate-manifest": ("Its content credentials are trusted", "来歴情報が信頼できる"),
    "gate-binding": ("They name this request and consent", "来歴情報がこの依頼と同意を指している"),
    "gate-watermark": ("Its pixels carry this asset id", "画素にこのアセットIDが入っている"),
    "gate-playable": ("It plays as was asked for", "依頼どおりに再生できる"),
    "gate-voice": ("Its sound is the approved voice", "音声が承認されたものである"),
    "gate-audiomark": ("Its sound carries this asset id", "音声にこのアセットIDが入っている"),
    "gate-label": ("Its visible AI label is there", "AI表示が映像に入っている"),
    "gate-lips": ("Its lips follow the voice", "口の動きが音声に合っている"),
    "gate-consent": ("Consent still held", "同意がその時点で有効だった"),
    # the vocabulary of requests and consents
    "product_briefing": ("Product briefing", "製品紹介"),
    "internal_training": ("Internal training", "社内研修"),
    "internal_news": ("Internal news", "社内報"),
    "customer_support": ("Customer support", "顧客サポート"),
    "marketing": ("Marketing", "マーケティング"),
    "recruitment": ("Recruitment", "採用"),
    "intranet": ("Intranet", "イントラネット"),
    "website": ("Website", "ウェブサイト"),
    "social_media": ("Social media", "ソーシャルメディア"),
    "events": ("Events", "イベント"),
    "broadcast": ("Broadcast", "放送"),
    "expression": ("Facial expression", "表情"),
    "background": ("Background", "背景"),
    "clothing": ("Clothing", "服装"),
    "synthetic_speech": ("Synthetic speech in the person's voice", "本人の声での合成音声"),
    "recorded": ("A recording of the person", "本人の録音"),
    "synthetic": ("Synthetic speech", "合成音声"),
    "WORLD": ("Worldwide", "全世界"),
    "JP": ("Japan", "日本"),
    "EU": ("European Union", "欧州連合"),
    "US": ("United States", "アメリカ合衆国"),
    "CN": ("China", "中国"),
    "GB": ("United Kingdom", "イギリス"),
    "KR": ("South Korea", "韓国"),
    "SG": ("Singapore", "シンガポール"),
    "AU": ("Australia", "オーストラリア"),
    "en": ("English", "英語"),
    "ja": ("Japanese", "日本語"),
    "de": ("German", "ドイツ語"),
    "es": ("Spanish", "スペイン語"),
    "fr": ("French", "フランス語"),
    "it": ("Italian", "イタリア語"),
    "ko": ("Korean", "韓国語"),
    "zh": ("Chinese", "中国語"),
    "reviewed-evidence": ("Evidence seen by a reviewer", "審査員による書類の確認"),
    "remote-check": ("Recording by camera and a reviewer", "カメラ録画と審査員の確認"),
    # what the log tells of a production
    "consents.consent.granted": ("A consent was granted", "同意が与えられました"),
    "consents.consent.narrowed": ("A consent was narrowed", "同意の範囲が狭められました"),
    "consents.consent.withdrawn": ("A consent was withdrawn", "同意が撤回されました"),
    "productions.production.created": ("A draft was made", "下書きが作られました"),
    "productions.voice.measured": ("The voice track was measured", "音声が検査されました"),
    "productions.production.submitted": ("It was submitted", "提出されました"),
    "approvals.decision.recorded": ("An approver decided", "承認者が決裁しました"),
    "productions.production.approved": ("It was approved", "承認されました"),
    "dispatch.permit.issued": ("A permit was issued", "許可証が発行されました"),
    "productions.rendering.received": ("The rendering was received", "生成結果を受け取りました"),
    "productions.production.sealed": ("The video was sealed", "動画に署名されました"),
    "productions.production.reviewing": ("It waited for review", "公開前の確認待ちになりました"),
    "productions.result.watched": ("It was watched before release", "公開前に視聴されました"),
    "approvals.review.recorded": ("It was reviewed", "公開前の確認が記録されました"),
    "productions.production.released": ("The video was released", "動画が公開されました"),
    "productions.production.revoked": ("The release was revoked", "公開が取り消されました"),
    "likenesses.likeness.added": ("A portrait was added", "肖像写真が登録されました"),
    "likenesses.likeness.measured": ("A portrait was measured", "肖像写真が検査されました"),
    "likenesses.voice.added": ("A voice was enrolled", "声が登録されました"),
    "likenesses.voice.measured": ("A voice sample was measured", "声の見本が検査されました"),
    "previews.preview.requested": ("A preview was asked for", "試写が依頼されました"),
    "evidence.bundle.exported": ("Evidence was exported", "証跡が書き出されました"),
    "releases.release.revoked": ("The release was revoked", "公開が取り消されました"),
}

_README = """Evidence pack of one Rakkan production
=======================================

summary.pdf       for people: who agreed, who approved, what was made (signed PDF)
evidence.json     the request, consent receipts, policy and approvals, permit, gate and events
credentials.json  what the C2PA manifest of the video says
log/checkpoint    the audit log's signed checkpoint, with the witnesses' cosignatures
log/checkpoint.tsr  its time-stamp (RFC 3161)
log/proofs/       a proof for each event that it is in the log (C2SP tlog-proof)
models/           a card for each model that was used
keys/             public keys, for information: they prove nothing, for they come with the pack
video.mp4         the released video, if the pack was made with it
manifest.json     SHA-256 and size of every file; manifest.p7s is its signature (CMS)

To check it offline, with the publisher's public keys from somewhere else than this pack:

  pip install rakkan
  python -m compliance evidence verify PACK.zip --trust FOLDER_OF_KEYS

証跡パックの検証（オフライン）：
発行者の公開鍵をこのパック以外から入手し、上のコマンドを実行してください。
summary.pdf は人が読むための要約で、電子署名とタイムスタンプが付いています。
"""


def say(key: str, language: str) -> str:
    """Return a word in a language; what has no word is its own."""
    words = _WORDS.get(key)
    return key.removeprefix("gate-") if words is None else words[LANGUAGES.index(language)]


def readme() -> bytes:
    """Return the text of README.txt."""
    return _README.encode()
