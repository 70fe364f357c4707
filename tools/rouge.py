#!/usr/bin/env python3
"""Scores summaries with the field's standard scorer (PyPI rouge-score, with stemming).

Reads one JSON object a line: a "reference", and under any other names what was made; prints the
mean F of ROUGE-1, ROUGE-2 and ROUGE-L for each. Installs rouge-score into .build/rouge on the
first run.

    swift run coachsummary evaluate ../shared/data/coach | tools/rouge.py
"""

import json
import os
from pathlib import Path
import subprocess
import sys

VENV = Path(__file__).resolve().parents[1] / ".build" / "rouge"


def enter_venv():
    """Starts over inside the virtual environment, which is made first where it is missing."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        return
    if not (VENV / "complete").exists():
        print("installing rouge-score", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "rouge-score"], check=True)
        (VENV / "complete").touch()
    os.execv(python, [python, *sys.argv])


def main():
    """Prints the table."""
    enter_venv()
    from rouge_score import rouge_scorer
    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=True)
    totals, words, count = {}, {}, 0
    for line in sys.stdin:
        row = json.loads(line)
        reference = row.pop("reference")
        count += 1
        for name, text in row.items():
            scores = scorer.score(reference, text)
            sums = totals.setdefault(name, [0.0] * 3)
            words[name] = words.get(name, 0) + len(text.split())
            for index, kind in enumerate(kinds):
                sums[index] += 100 * scores[kind].fmeasure
    print(f"| {count} dialogues | ROUGE-1 | ROUGE-2 | ROUGE-L | words |\n|---|---|---|---|---|")
    for name, sums in totals.items():
        cells = " | ".join(f"{total / count:.2f}" for total in sums)
        print(f"| {name} | {cells} | {words[name] / count:.0f} |")


if __name__ == "__main__":
    main()
