"""What the gate says, in English and Japanese, by check."""

from typing import NamedTuple


class Text(NamedTuple):
    """Sentences for one check: when it is fine, when it is not, and what helps."""

    good_en: str
    good_ja: str
    bad_en: str
    bad_ja: str
    remedy_en: str
    remedy_ja: str


_PHOTO_AGAIN_EN = "Save it as a JPEG, PNG or WebP picture and upload that file."
_PHOTO_AGAIN_JA = "JPEG、PNG、WebPのいずれかで保存し直してアップロードしてください。"
_SOUND_AGAIN_EN = "Save the recording again as WAV, FLAC, MP3 or M4A and upload that file."
_SOUND_AGAIN_JA = "WAV、FLAC、MP3、M4Aのいずれかで保存し直してアップロードしてください。"
_FRONTAL_EN = "Use a photo taken from the front, at eye level, with the head upright."
_FRONTAL_JA = "正面から目の高さで、頭をまっすぐにして撮った写真を使ってください。"

TEXTS: dict[str, Text] = {
    "portrait-unreadable": Text(
        "The file is a picture.",
        "画像ファイルです。",
        "The file is not a JPEG, PNG or WebP picture, or it is damaged.",
        "JPEG、PNG、WebPの画像ではないか、壊れています。",
        _PHOTO_AGAIN_EN,
        _PHOTO_AGAIN_JA,
    ),
    "portrait-too-large": Text(
        "The picture's size is fine.",
        "画像の大きさは問題ありません。",
        "The picture has more than 40 megapixels.",
        "画像が4000万画素を超えています。",
        "Scale it down to at most 4,000 pixels on its longer side.",
        "長辺を4,000画素以下に縮小してください。",
    ),
    "faces": Text(
        "The photo shows exactly one face.",
        "顔が1つだけ写っています。",
        "The photo does not show exactly one face.",
        "写っている顔が1つではありません。",
        "Use a sharp, evenly lit photo of one person alone, or crop it to that person.",
        "1人だけがはっきり写った写真を使うか、その人だけになるよう切り抜いてください。",
    ),
    "face-height": Text(
        "The face is large enough.",
        "顔の大きさは十分です。",
        "The face is small, so the video will look soft or cannot be made.",
        "顔が小さいため、動画がぼやけるか、作成できません。",
        "Use a larger photo or one taken from nearer: the face should be at least 200 pixels high.",
        "より大きい写真か近くで撮った写真を使ってください(顔の高さ200画素以上)。",
    ),
    "yaw": Text(
        "The face looks at the camera.",
        "顔が正面を向いています。",
        "The head is turned to the side.",
        "顔が横を向いています。",
        _FRONTAL_EN,
        _FRONTAL_JA,
    ),
    "pitch": Text(
        "The head is level.",
        "顔の上下の角度は問題ありません。",
        "The head is raised or lowered.",
        "顔が上または下を向いています。",
        _FRONTAL_EN,
        _FRONTAL_JA,
    ),
    "roll": Text(
        "The head is upright.",
        "頭の傾きは問題ありません。",
        "The head is tilted.",
        "頭が傾いています。",
        _FRONTAL_EN,
        _FRONTAL_JA,
    ),
    "mouth-gap": Text(
        "The mouth is closed.",
        "口は閉じています。",
        "The mouth is open, so closed lips must be made up.",
        "口が開いているため、閉じた唇を作り出すことになります。",
        "Use a photo with closed or nearly closed lips.",
        "口を閉じた、または軽く閉じた写真を使ってください。",
    ),
    "face-inside": Text(
        "The whole face is in the picture.",
        "顔全体が写っています。",
        "A part of the face is cut off by the edge of the picture.",
        "顔の一部が画像の端で切れています。",
        "Use a photo with some room around the head.",
        "頭の周りに余白のある写真を使ってください。",
    ),
    "brightness": Text(
        "The face is well lit.",
        "顔の明るさは十分です。",
        "The face is very dark or very bright.",
        "顔が暗すぎるか、明るすぎます。",
        "Use a photo in even light, neither dark nor washed out.",
        "暗すぎず、白飛びしていない、均一な光の写真を使ってください。",
    ),
    "audio-unreadable": Text(
        "The file is a sound file.",
        "音声ファイルです。",
        "The file has no sound that can be read, or it is damaged.",
        "読み取れる音声がないか、壊れています。",
        _SOUND_AGAIN_EN,
        _SOUND_AGAIN_JA,
    ),
    "audio-empty": Text(
        "The file holds sound.",
        "音声が入っています。",
        "The file holds no sound.",
        "音声が入っていません。",
        "Choose a recording of somebody speaking.",
        "人が話している録音を選んでください。",
    ),
    "audio-too-long": Text(
        "The length is fine.",
        "長さは問題ありません。",
        "The recording is longer than allowed.",
        "録音が長すぎます。",
        "Cut it into parts of at most ten minutes and make one video of each.",
        "10分以内に分割し、それぞれを動画にしてください。",
    ),
    "audio-silent": Text(
        "The recording is not silent.",
        "無音ではありません。",
        "The recording is silent from beginning to end.",
        "最初から最後まで無音です。",
        "Check the microphone or the export settings and record it again.",
        "マイクや書き出しの設定を確かめ、録音し直してください。",
    ),
    "duration": Text(
        "The length is fine.",
        "長さは問題ありません。",
        "The recording is very short.",
        "録音が短すぎます。",
        "Record at least one whole sentence.",
        "少なくとも1文を録音してください。",
    ),
    "speech": Text(
        "Speech was heard.",
        "話し声を確認しました。",
        "Little or no speech was heard: noise, music or long pauses.",
        "話し声がほとんど、またはまったくありません(雑音、音楽、長い無音)。",
        "Use a recording of one person speaking clearly, without music.",
        "音楽なしで、1人がはっきり話している録音を使ってください。",
    ),
    "voice-match": Text(
        "It sounds like the person who is said to speak.",
        "話す人として指定された本人の声と一致します。",
        "It does not sound enough like the person who is said to speak.",
        "話す人として指定された本人の声と十分に一致しません。",
        "Check who speaks. If it is them, enrol a sample with the same microphone and language.",
        "話す人が正しいか確かめてください。本人の場合は、同じマイクと言語で録音したサンプルを登録してください。",
    ),
    "voice-not-compared": Text(
        "The voice was compared with the sample.",
        "音声をサンプルと比較しました。",
        "The voice could not be compared with the sample: too little speech in one of the two.",
        "話している部分が短すぎるため、音声をサンプルと比較できませんでした。",
        "Use a track and a sample with at least four seconds of speech.",
        "4秒以上話している音声トラックとサンプルを使ってください。",
    ),
    "transcript": Text(
        "The voice says what the transcript says, as far as its sounds tell.",
        "音声は、音を比べた限りでは原稿どおりです。",
        "It is not certain that the voice says what the transcript says.",
        "音声が原稿どおりに話しているか、確かではありません。",
        "Listen and read along. If it differs, correct the transcript in a new draft.",
        "聞きながら原稿をお読みください。違いがあれば、新しい下書きで直してください。",
    ),
    "transcript-part": Text(
        "Every part of the transcript fits the sound.",
        "原稿のどの部分も音声と合っています。",
        "A part of the transcript does not fit the sound; the rest does.",
        "原稿の一部が音声と合っていません(残りは合っています)。",
        "Listen and read along. If it differs, correct the transcript in a new draft.",
        "聞きながら原稿をお読みください。違いがあれば、新しい下書きで直してください。",
    ),
    "transcript-negation": Text(
        "Transcript and voice deny equally often.",
        "否定の言葉の数は、原稿と音声で同じです。",
        'A "not" or "no" may be only in the transcript, or only in the sound.',
        "否定の言葉が、原稿か音声の一方にしかない可能性があります。",
        "Listen and read along. If it differs, correct the transcript in a new draft.",
        "聞きながら原稿をお読みください。違いがあれば、新しい下書きで直してください。",
    ),
    "transcript-other": Text(
        "The transcript is of this sound.",
        "原稿はこの音声のものです。",
        "The voice says something else than the transcript, or speaks another language.",
        "音声は原稿と違うことを話しているか、別の言語で話しています。",
        "Make a new draft with what is said, word for word, and with the language that is spoken.",
        "話している言葉をそのまま書き起こした原稿と、話している言語で、新しい下書きを作ってください。",
    ),
    "transcript-too-few-words": Text(
        "The transcript was compared with the sound.",
        "原稿を音声と比較しました。",
        "The transcript was not compared: it has too few words besides numbers and abbreviations.",
        "原稿を比較していません(数字や略語のほかに言葉が少なすぎます)。",
        "Listen and read along.",
        "聞きながら原稿をお読みください。",
    ),
    "transcript-language-not-measured": Text(
        "The transcript was compared with the sound.",
        "原稿を音声と比較しました。",
        "The transcript was not compared: nobody measured how well that works in this language.",
        "原稿を比較していません(この言語での精度は測定されていません)。",
        "Listen and read along.",
        "聞きながら原稿をお読みください。",
    ),
    "clipping": Text(
        "The recording is not overdriven.",
        "音割れはありません。",
        "The recording is overdriven: its loudest parts are cut off.",
        "音割れがあります(大きい音がつぶれています)。",
        "Record it again with a lower input level.",
        "入力レベルを下げて録音し直してください。",
    ),
    "level": Text(
        "The recording is loud enough.",
        "音量は十分です。",
        "The recording is very quiet.",
        "音量がとても小さいです。",
        "Record it again nearer to the microphone or raise its level.",
        "マイクに近づいて録音し直すか、音量を上げてください。",
    ),
}
