"""Renews `tests/cases/recogniser.jsonl`: speaks the answers of `answers.txt` with espeak-ng and writes what pocketsphinx hears.

Every answer is heard twice: with the language model that the package ships (`general`) and with one made from the words of the children in
`tests/cases/calls.jsonl` (`children`), which expects numbers and so mistakes one number for another.

Needs the program `espeak-ng` and the Python package `pocketsphinx`, which ships its English model. Run it from the root of the project:
`python3 tests/recogniser/renew.py`. Voices and speeds go round over the answers, so two runs with the same versions give the same file.
"""

import array
import audioop
import json
import random
import re
import subprocess
import tempfile
import wave
from pathlib import Path

from pocketsphinx import Decoder
from pocketsphinx.lm import ArpaBoLM

HERE = Path(__file__).parent
OUT = HERE.parent / "cases" / "recogniser.jsonl"
# Voice, words per minute and pitch; a higher pitch is nearer to a child.
VOICES = [("en-us", 150, 50), ("en-gb", 165, 60), ("en-us+f3", 140, 75), ("en-gb+f4", 130, 85), ("en-us+m3", 185, 40), ("en-029", 150, 65), ("en-gb-scotland+f2", 150, 70)]
HERTZ = 16000


def speak(text, voice, speed, pitch):
    """The spoken text as 16-bit mono samples at the rate the recogniser wants, with silence around it and the hiss of a line."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, text]
        subprocess.run(command, check=True)
        with wave.open(file.name) as sound:
            samples, _ = audioop.ratecv(sound.readframes(sound.getnframes()), 2, 1, sound.getframerate(), HERTZ, None)
    silence = bytes(HERTZ // 2)
    hiss = random.Random(len(samples))
    line = array.array("h", silence + samples + silence)
    return array.array("h", [max(-32768, min(32767, sample + hiss.randint(-20, 20))) for sample in line]).tobytes()


def decoder(**options):
    """A recogniser that has heard nothing yet."""
    return Decoder(samprate=HERTZ, loglevel="FATAL", **options)


def children_say(general):
    """What children say in the short calls, in words that the recogniser can pronounce."""
    lines = [json.loads(line) for line in (HERE.parent / "cases" / "calls.jsonl").read_text().splitlines()]
    said = [turn["text"].lower() for call in lines for turn in call["turns"] if turn["speaker"] == "student"]
    sentences = [re.findall(r"[a-z']+", text) for text in said]
    known = [words for words in sentences if words and all(general.lookup_word(word) for word in words)]
    return "\n".join(f"<s> {' '.join(words)} </s>" for words in known) + "\n"


def decoders():
    """The two recognisers by name."""
    general = decoder()
    with tempfile.NamedTemporaryFile(suffix=".lm") as file:
        model = ArpaBoLM(text=children_say(general))
        model.compute()
        model.write_file(file.name)
        return {"general": general, "children": decoder(lm=file.name)}


def hear(recogniser, samples):
    """What the recogniser writes, empty where it hears nothing."""
    recogniser.start_utt()
    recogniser.process_raw(samples, full_utt=True)
    recogniser.end_utt()
    hypothesis = recogniser.hyp()
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
    recognisers = decoders()
    with OUT.open("w") as out:
        for i, (question, key, spoken, expected) in enumerate(answers()):
            voice, speed, pitch = VOICES[(i + i // len(VOICES)) % len(VOICES)]
            samples = speak(spoken, voice, speed, pitch)
            for name, recogniser in recognisers.items():
                case = {
                    "id": f"heard-{name}-{i + 1}",
                    "question": question,
                    "key": key,
                    "spoken": spoken,
                    "heard": hear(recogniser, samples),
                    "voice": f"{voice} {speed}",
                    "model": name,
                    "expected": expected,
                }
                out.write(json.dumps(case, ensure_ascii=False) + "\n")


main()
