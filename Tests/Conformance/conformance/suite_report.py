"""Compares a unit's result with the reference and prints or writes it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
import json
from pathlib import Path

from .suite_differences import why
from .suite_run import UNKNOWN_COMMAND


@dataclass
class Row:
    """One unit: every case as (name, result, reference result, message)."""
    unit: str
    cases: list = field(default_factory=list)
    setup: list = field(default_factory=list)
    ignored: int = 0
    ended: str = ""
    seconds: float = 0
    needs: Counter = field(default_factory=Counter)

    def count(self, *results):
        """Cases with one of these results."""
        return sum(1 for case in self.cases if case["result"] in results)

    @property
    def reference_passed(self):
        """Cases that the reference passes."""
        return sum(1 for case in self.cases if case["reference"] == "pass")

    @property
    def missed(self):
        """Cases that the reference passes and the server does not, for want of no command."""
        return [case for case in self.cases if case["result"] not in ("pass", "needs")
                and case["reference"] in ("pass", None)]

    @property
    def on_purpose(self):
        """Those of them that differences.md gives a reason for."""
        return [case for case in self.missed if case["why"]]

    @property
    def lost(self):
        """The others."""
        return [case for case in self.missed if not case["why"]]


def compare(unit, result, reference, lacking, differences=()):
    """Joins both results by case name; a case that only the reference reached is `missing`.

    A failure that one of the `differences` covers gets its reason as `why`.

    Set-up lines that failed for want of a `lacking` command are left out: the cases tell.
    """
    row = Row(unit, setup=list(result.setup), ignored=len(result.ignored), ended=result.ended,
              seconds=result.seconds)
    mine = result.keyed()
    theirs = reference.keyed() if reference else {}
    known_setup = set(reference.setup) if reference else set()
    row.setup = [
        text for text in dict.fromkeys(row.setup) if text not in known_setup
        and not lacking & {name.upper() for name in UNKNOWN_COMMAND.findall(text)}]
    for name, case in mine.items():
        row.needs.update(case.needs)
        row.cases.append({
            "name": name, "result": case.result, "message": case.message, "needs": case.needs,
            "reference": theirs[name].result if name in theirs else None})
    for name, case in theirs.items():
        if name not in mine:
            row.cases.append({"name": name, "result": "missing", "reference": case.result,
                              "message": "not reached", "needs": []})
    for case in row.cases:
        failed = case["result"] not in ("pass", "needs")
        case["why"] = why(differences, unit, case["name"], case["message"]) if failed else ""
    return row


def brief(message, limit=400):
    """A failure's message on a few lines."""
    lines = [line for line in message.splitlines() if line.strip()]
    kept = []
    for line in lines:
        if line.startswith("    while executing") or line.strip().startswith("invoked from"):
            break
        kept.append(line.strip())
    return "\n".join(kept[:6])[:limit]


def print_row(row, quiet):
    """A unit's line, then what is lost, then what only waits for other commands."""
    print(f"{row.unit}: passed {row.count('pass')}, reference {row.reference_passed}, "
          f"failed {row.count('fail')}, needs commands {row.count('needs')}, "
          f"hung {row.count('hang')}, crashed {row.count('crash')}, "
          f"not reached {row.count('missing')}, left out {row.ignored} ({row.seconds:.0f} s)",
          flush=True)
    if quiet:
        return
    for text in row.setup:
        print("  set-up: " + brief(text).replace("\n", "\n      "))
    for case in row.cases:
        if case["result"] in ("pass", "needs"):
            continue
        note = "" if case["reference"] in ("pass", None) else " (the reference fails it too)"
        if case["why"]:
            print(f"  on purpose: {case['name']}: {case['why']}")
            continue
        print(f"  {case['result']}: {case['name']}{note}")
        print("      " + brief(case["message"]).replace("\n", "\n      "))
    for case in row.cases:
        if case["result"] == "needs":
            print(f"  needs {' '.join(case['needs'])}: {case['name']}")
    if row.ended:
        print("  ended: " + row.ended)
    print(end="", flush=True)


def table(rows, mode, version):
    """The units' passing cases beside the reference's, for docs/."""
    day = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    lines = [
        "# Redis 7.0's own tests", "",
        "Printed by `Tests/Conformance/redis-suite --group all --table docs/conformance.md`.", "",
        f"{day}, redis-server {version.split('-')[0]}, {mode} mode. *On purpose* are cases that "
        "redis-server passes and Wingcache does not, for a reason that",
        "[differences.md](../Tests/Conformance/differences.md) gives; *lost* are others.", "",
        "| unit | redis-server | Wingcache | on purpose | lost |", "|---|---:|---:|---:|---:|"]
    counted = [(row.unit, row.reference_passed, row.count("pass"), len(row.on_purpose),
                len(row.lost)) for row in rows if row.reference_passed]
    counted.append(("total", *(sum(line[column] for line in counted) for column in range(1, 5))))
    return "\n".join(lines + ["| " + " | ".join(map(str, line)) + " |" for line in counted]) + "\n"


def totals(rows):
    """Sums over all units."""
    return {
        "passed": sum(row.count("pass") for row in rows),
        "reference_passed": sum(row.reference_passed for row in rows),
        "failed": sum(row.count("fail") for row in rows),
        "needs": sum(row.count("needs") for row in rows),
        "hung": sum(row.count("hang") for row in rows),
        "crashed": sum(row.count("crash") for row in rows),
        "missing": sum(row.count("missing") for row in rows),
        "on_purpose": sum(len(row.on_purpose) for row in rows),
        "lost": sum(len(row.lost) for row in rows),
    }


def print_total(rows):
    """The last line of a run, and the commands whose absence costs most."""
    total = totals(rows)
    print(f"total: passed {total['passed']}, reference {total['reference_passed']}, "
          f"otherwise on purpose {total['on_purpose']}, lost {total['lost']}, "
          f"waiting for other commands {total['needs']}")
    needs = sum((row.needs for row in rows), Counter())
    if needs:
        print("missing commands, by cases: "
              + ", ".join(f"{name} {count}" for name, count in needs.most_common()))


def write(path, rows, server, reference, version, mode):
    """Writes PATH.md and PATH.json."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    with open(f"{path}.json", "w") as file:
        json.dump({"when": stamp, "server": server, "reference": reference, "version": version,
                   "mode": mode, "totals": totals(rows),
                   "units": [{"unit": row.unit, "seconds": row.seconds, "ended": row.ended,
                              "ignored": row.ignored, "setup": row.setup, "cases": row.cases}
                             for row in rows]}, file, indent=1)
    with open(f"{path}.md", "w") as file:
        file.write(f"# Redis 7.0's test suite, {mode} mode\n\n{stamp}. Server: `{server}`. "
                   f"Reference: `{reference}` {version}.\n\n")
        file.write("| unit | passed | reference | failed | needs commands | hung | crashed "
                   "| not reached | left out |\n|---|---|---|---|---|---|---|---|---|\n")
        for row in rows:
            file.write(f"| {row.unit} | {row.count('pass')} | {row.reference_passed} "
                       f"| {row.count('fail')} | {row.count('needs')} | {row.count('hang')} "
                       f"| {row.count('crash')} | {row.count('missing')} | {row.ignored} |\n")
        for row in rows:
            lines = [f"- **{case['result']}** {case['name']}"
                     + ("" if case["reference"] in ("pass", None) else " (reference fails too)")
                     + (f" (on purpose: {case['why']})" if case["why"] else "")
                     + f"\n\n  ```\n  {brief(case['message']).replace(chr(10), chr(10) + '  ')}"
                     + "\n  ```"
                     for case in row.cases if case["result"] not in ("pass", "needs")]
            lines += [f"- needs {' '.join(case['needs'])}: {case['name']}"
                      for case in row.cases if case["result"] == "needs"]
            if lines:
                file.write(f"\n## {row.unit}\n\n" + "\n".join(lines) + "\n")
    print(f"reports: {path}.md {path}.json")
