#!/usr/bin/env python3
"""Scores summaries with the field's standard scorer (PyPI rouge-score, with stemming).

Reads one JSON object a line: a "reference", and under any other names what was made; prints the
mean F of ROUGE-1, ROUGE-2 and ROUGE-L for each, by "style" where there are several, and for the
three "turns" that would score best, where these are given. Installs rouge-score into .build/rouge
on the first run.

    swift run coachsummary evaluate ../shared/data/coach | tools/rouge.py
"""

from collections import Counter
from itertools import combinations
import json
import os
from pathlib import Path
import subprocess
import sys

VENV = Path(__file__).resolve().parents[1] / ".build" / "rouge"
# Of longer dialogues there are too many choices of three turns.
ORACLE_TURNS_MAX = 40


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


def oracle(turns, reference, tokenize, count=3):
    """The choice of up to `count` turns that ROUGE-1 likes best: what no choice can beat."""
    wanted = Counter(tokenize(reference))
    bags = [Counter(tokenize(turn)) for turn in turns]
    best, chosen = -1.0, ()
    for size in range(1, count + 1):
        for choice in combinations(range(len(turns)), size):
            found = sum((bags[index] for index in choice), Counter())
            both = sum((found & wanted).values())
            score = 2 * both / max(1, sum(found.values()) + sum(wanted.values()))
            if score > best:
                best, chosen = score, choice
    return "\n".join(turns[index] for index in chosen)


def show(title, rows):
    """Prints the table of the scored rows."""
    names = sorted({name for row in rows for name in row})
    print(f"\n| {title}: {len(rows)} | ROUGE-1 | ROUGE-2 | ROUGE-L | words | characters |")
    print("|---|---|---|---|---|---|")
    for name in names:
        made = [row[name] for row in rows if name in row]
        if len(made) < len(rows):
            continue
        means = [sum(column) / len(made) for column in zip(*made)]
        cells = " | ".join(f"{mean:.2f}" for mean in means[:3])
        print(f"| {name.lstrip('0123456789 ')} | {cells} | {means[3]:.0f} | {means[4]:.0f} |")


def main():
    """Prints the tables: by style, then all."""
    enter_venv()
    from rouge_score import rouge_scorer, tokenizers
    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=True)
    tokenize = tokenizers.DefaultTokenizer(use_stemmer=True).tokenize
    styles = {}
    for line in sys.stdin:
        row = json.loads(line)
        reference, style = row.pop("reference"), row.pop("style", "dialogues")
        turns = row.pop("turns", None)
        if turns and len(turns) <= ORACLE_TURNS_MAX:
            row["5 best three turns"] = oracle(turns, reference, tokenize)
        scored = {}
        for name, text in row.items():
            scores = scorer.score(reference, text)
            scored[name] = [100 * scores[kind].fmeasure for kind in kinds]
            scored[name] += [len(text.split()), len(text)]
        scored["8 reference"] = [100.0] * 3 + [len(reference.split()), len(reference)]
        styles.setdefault(style, []).append(scored)
    for style, rows in sorted(styles.items()):
        show(style, rows)
    if len(styles) > 1:
        show("all", [row for rows in styles.values() for row in rows])


if __name__ == "__main__":
    main()
