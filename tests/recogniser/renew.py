"""Renews `tests/cases/recogniser.jsonl`: speaks the answers of `answers.txt` with espeak-ng and writes what pocketsphinx hears.

Needs the program `espeak-ng` and the Python package `pocketsphinx`, which ships its English model. Run it from the root of the project:
`python3 tests/recogniser/renew.py`. Voices and speeds go round over the answers, so two runs with the same versions give the same file.
"""

import audioop
import json
import subprocess
import tempfile
import wave
from pathlib import Path

from pocketsphinx import Decoder

HERE = Path(__file__).parent
OUT = HERE.parent / "cases" / "recogniser.jsonl"
# Voice, words per minute and pitch; a higher pitch is nearer to a child.
VOICES = [("en-us", 150, 50), ("en-gb", 165, 60), ("en-us+f3", 140, 75), ("en-gb+f4", 130, 85), ("en-us+m3", 185, 40), ("en-029", 150, 65), ("en-gb-scotland+f2", 150, 70)]
HERTZ = 16000


def speak(text, voice, speed, pitch):
    """The spoken text as 16-bit mono samples at the rate the recogniser wants, with silence around it."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, text]
        subprocess.run(command, check=True)
        with wave.open(file.name) as sound:
            samples, _ = audioop.ratecv(sound.readframes(sound.getnframes()), 2, 1, sound.getframerate(), HERTZ, None)
    silence = bytes(HERTZ // 2)
    return silence + samples + silence


def hear(samples):
    """What the recogniser writes, empty where it hears nothing."""
    decoder = Decoder(samprate=HERTZ, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


def answers():
    """Question, key, spoken answer and whether the answer is right."""
    for line in (HERE / "answers.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            question, key, right, wrong = [part.strip() for part in line.split("|")]
            for expected, spoken in (("right", right), ("wrong", wrong)):
                for answer in spoken.split(";"):
                    yield question, key, answer.strip(), expected


def main():
    with OUT.open("w") as out:
        for i, (question, key, spoken, expected) in enumerate(answers()):
            voice, speed, pitch = VOICES[(i + i // len(VOICES)) % len(VOICES)]
            heard = hear(speak(spoken, voice, speed, pitch))
            case = {"id": f"heard-{i + 1}", "question": question, "key": key, "spoken": spoken, "heard": heard, "voice": f"{voice} {speed}", "expected": expected}
            out.write(json.dumps(case, ensure_ascii=False) + "\n")


main()
