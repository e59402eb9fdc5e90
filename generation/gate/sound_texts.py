"""What the gate says of what is heard beside a voice, by check."""

from generation.gate.texts import Text

SOUND_TEXTS: dict[str, Text] = {
    "speech-length": Text(
        "Enough is said.",
        "話している長さは十分です。",
        "Hardly anything is said.",
        "話している部分がとても短いです。",
        "Record at least one whole sentence.",
        "少なくとも1文を録音してください。",
    ),
    "sound-noise": Text(
        "The voice stands out from the noise.",
        "雑音は気になりません。",
        "Noise or other voices are nearly as loud as the voice.",
        "雑音やほかの人の声が大きく、声と同じくらいに聞こえます。",
        "Record it again in a quiet room, near to the microphone.",
        "静かな部屋で、マイクに近づいて録音し直してください。",
    ),
    "foretold-lips": Text(
        "The lips will follow this voice.",
        "口の動きはこの音声に合う見込みです。",
        "The lips will hardly follow this voice: noise, others, music, an echo, distortion or a "
        "line that breaks off hides it.",
        "雑音、ほかの人の声、音楽、響き、音割れ、音の途切れのため、口の動きが音声と合わない見込みです。",
        "Record the voice alone in a quiet room without echo, near to the microphone, and not so "
        "loud that it distorts.",
        "静かで響きの少ない部屋で、マイクに近づき、音が割れない大きさで、声だけを録音してください。",
    ),
    "music": Text(
        "No music was heard.",
        "音楽は入っていません。",
        "Music or other held tones were heard.",
        "音楽など、伸ばした音が入っています。",
        "Use the recording of the voice alone, before music was added.",
        "音楽を加える前の、声だけの録音を使ってください。",
    ),
    "music-only": Text(
        "Somebody speaks.",
        "話し声があります。",
        "There is music in which nobody speaks.",
        "音楽だけで、話し声がありません。",
        "Choose a recording of somebody speaking.",
        "人が話している録音を選んでください。",
    ),
}
