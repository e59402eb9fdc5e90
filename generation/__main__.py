"""`python -m generation`: try the input gate, look up the prompt's words, judge a video.

There is no command that draws a video: without a permit nothing is rendered. What `train-data`
writes are arrays of 128 px, without sound, of people who do not exist or agreed to training.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.permit import MeasureResult, Verdict
from compliance.watermark import KeyRing
from compliance.watermark.second import WORD_BITS, second_word
from generation.errors import GenerationError
from generation.evaluation import command as evaluation
from generation.portraittalk import initialise_command
from generation.portraittalk.training import command as training
from generation.prompt.vocabulary import CONCEPTS

_SOUND = frozenset(
    {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mkv", ".mov", ".mp3", ".mp4"}
    | {".oga", ".ogg", ".opus", ".wav", ".webm"}
)
_USABLE, _UNUSABLE, _UNREADABLE = 0, 1, 2
_SURE = 1e-6  # 30 bits of 32


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except (GenerationError, ComplianceError) as error:
        sys.stderr.write(f"{error} {error.remedy}\n")
        return _UNREADABLE
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="measure a photo or a voice track",
        epilog="exit status: 0 usable (perhaps with warnings), 1 unusable, 2 unreadable",
    )
    check.add_argument("file", type=Path)
    check.add_argument("--as", dest="role", choices=("portrait", "voice"), help="default: by name")
    check.add_argument("--language", choices=("en", "ja"), default=_language())
    check.add_argument("--json", action="store_true", help="print the result as JSON")
    check.add_argument("--sheet", type=Path, help="draw what was measured of a photo (PNG)")
    check.set_defaults(command=_check)
    level = commands.add_parser(
        "level", help="bring a voice track to -16 LUFS, before it is uploaded and approved"
    )
    level.add_argument("file", type=Path)
    level.add_argument("out", type=Path, help="the WAV to write")
    level.set_defaults(command=_level)
    guide = commands.add_parser("guide", help="what the gate asks of a photo, as a table")
    guide.add_argument("--language", choices=("en", "ja"), default=_language())
    guide.set_defaults(command=_guide)
    vocabulary = commands.add_parser("vocabulary", help="list what a prompt may ask for")
    vocabulary.set_defaults(command=_vocabulary)
    second = commands.add_parser(
        "second-mark",
        help="look for the second mark of one asset in a video",
        epilog="exit status: 0 found, 1 not found, 2 unreadable",
    )
    second.add_argument("video", type=Path)
    second.add_argument("asset_id", help="16 hexadecimal digits: the release it may be of")
    second.add_argument("--key", type=Path, required=True, help="the file of watermark keys")
    second.set_defaults(command=_second_mark)
    evaluation.add_to(commands)
    training.add_to(commands)
    initialise_command.add_to(commands)
    return parser


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _language() -> str:
    return "ja" if os.environ.get("LANG", "").startswith("ja") else "en"


def _check(options: argparse.Namespace) -> int:
    # Here, because the networks take a second to load and --help should not.
    from generation.gate import check_portrait, check_voice  # noqa: PLC0415

    role = options.role or ("voice" if options.file.suffix.lower() in _SOUND else "portrait")
    result = check_voice(options.file) if role == "voice" else check_portrait(options.file)
    if options.sheet and role == "portrait" and result.facts.get("readable"):
        from generation.gate.sheet import write_sheet  # noqa: PLC0415

        write_sheet(options.file, result, options.sheet)
    if options.json:
        _say(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print(result, options.language)
    if not result.facts.get("readable"):
        return _UNREADABLE
    return _UNUSABLE if result.verdict is Verdict.UNUSABLE else _USABLE


def _print(result: MeasureResult, language: str) -> None:
    _say(result.verdict.value)
    for finding in result.findings:
        value = "" if finding.value is None else f" ({finding.value:g} {finding.unit})"
        _say(f"  {finding.verdict.value:<21} {finding.reason[language]}{value}")
        if finding.remedy[language]:
            _say(f"  {'':<21} {finding.remedy[language]}")
    if detail := result.facts.get("detail"):
        _say(f"  {'':<21} {detail}")


def _level(options: argparse.Namespace) -> int:
    from generation.audio.level_file import level_file  # noqa: PLC0415  as in _check

    done = level_file(options.file, options.out)
    _say(f"{done.before:g} LUFS, {done.gain:+g} dB: {done.after:g} LUFS in {options.out}")
    return 0


def _guide(options: argparse.Namespace) -> int:
    from generation.gate.guide import limits_table  # noqa: PLC0415  as in _check

    _say(limits_table(options.language))
    return 0


def _second_mark(options: argparse.Namespace) -> int:
    # Here, because torch takes seconds to load.
    from generation.media.second_mark import read_words  # noqa: PLC0415

    keys = KeyRing.load(options.key).keys
    words = [second_word(key, options.asset_id) for key in keys]
    best = min(read_words(options.video, words), key=lambda each: each.chance)
    chance = min(1.0, best.chance * len(keys))
    state = "found" if chance < _SURE else "not found"
    _say(
        f"{state}: {best.agreeing} of {WORD_BITS} bits agree in {best.frames} pictures "
        f"(as many by chance: {chance:.1e}; found is below {_SURE:.0e})"
    )
    return _USABLE if chance < _SURE else _UNUSABLE


def _vocabulary(_: argparse.Namespace) -> int:
    for concept in CONCEPTS:
        _say(f"{concept.name}: {'honoured' if concept.honoured else 'not honoured'}")
        _say(f"  en  {concept.en}\n  ja  {concept.ja}\n  {concept.text_en}\n  {concept.text_ja}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
