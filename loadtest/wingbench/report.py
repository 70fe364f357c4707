"""Writes results: markdown tables, JSON, and what is worth knowing about the machine."""

import datetime
import json
import os
import platform
import subprocess

from .servers import REPOSITORY
from .stats import figure

RESULTS = os.path.join(REPOSITORY, "loadtest", "results")
GOAL_COLUMNS = ["goal", "limit", "measured", "verdict"]


def table(columns, rows):
    """A markdown table, padded so that it reads well in a terminal too. First column left."""
    cells = [[str(cell) for cell in row] for row in [columns] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]

    def line(row):
        padded = [cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths))]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(cells[0]), "| " + " | ".join(rule) + " |"]
                     + [line(row) for row in cells[1:]])


def goals_table(goals):
    """The table of goals, and how many were met."""
    if not goals:
        return "No goals: they are set for servers beside the first one."
    met = sum(goal.verdict == "met" for goal in goals)
    return table(GOAL_COLUMNS, [goal.row() for goal in goals]) + f"\n\n{met} of {len(goals)} met."


def ratio_cell(ratio):
    """`0.31 (0.29-0.34)`, or a dash."""
    if ratio is None:
        return "-"
    return f"{figure(ratio['median'])} ({figure(ratio['min'])}-{figure(ratio['max'])})"


def machine():
    """The machine and the versions of what was measured."""
    model = platform.processor()
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "commit": _output(["git", "-C", REPOSITORY, "describe", "--always", "--dirty"]),
        "client": _output(["redis-benchmark", "--version"]),
    }


def _output(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10,
                              check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def machine_line(facts):
    """The machine in one sentence, for under a table."""
    return (f"{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}, "
            f"commit {facts['commit'] or 'unknown'}, {facts['date']}.")


def save(directory, name, markdown, data, pictures=()):
    """Writes NAME.md, NAME.json and pictures [(file name, text)]; returns the paths."""
    directory = directory or RESULTS
    os.makedirs(directory, exist_ok=True)
    files = [(name + ".md", markdown + "\n"),
             (name + ".json", json.dumps(data, indent=1) + "\n")] + list(pictures)
    paths = []
    for file_name, text in files:
        path = os.path.join(directory, file_name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        paths.append(os.path.relpath(path))
    return paths
