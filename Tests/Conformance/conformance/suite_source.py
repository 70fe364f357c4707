"""Fetches Redis 7.0's Tcl test suite from Debian's source package, verified by apt.

The lists, cache and source list that apt uses here live in a scratch folder: the system's own
apt state is read, never written. Only a missing `tcl` or `redis-tools` is installed, and only
when running as root.
"""

import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from . import places

APT = Path("/etc/apt")
TOLERANT = Path(__file__).with_name("tolerant.tcl")
ENTRY_POINT = "tests/test_helper_tolerant.tcl"


def run(command, **options):
    """Runs a command; on failure ends the run with its output."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def source_lines(one_line_files, deb822_files):
    """deb-src lines for what the machine's own sources offer as binary packages."""
    lines = []
    for path in one_line_files:
        for line in path.read_text(errors="replace").splitlines():
            match = re.match(r"\s*deb(?:-src)?\s+(.*)", line.split("#")[0])
            if match:
                lines.append("deb-src " + match.group(1).strip())
    for path in deb822_files:
        for stanza in re.split(r"\n\s*\n", path.read_text(errors="replace")):
            lines.extend(deb822_lines(stanza))
    return list(dict.fromkeys(lines))


def deb822_lines(stanza):
    """One stanza of a .sources file as one-line entries."""
    fields, name = {}, None
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in " \t" and name:
            fields[name] += "\n" + line.strip()
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    if "uris" not in fields or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
        return
    signed_by = fields.get("signed-by", "")
    # A key written out in the stanza has no one-line form; apt then uses its trusted keys.
    options = f"[signed-by={signed_by}] " if signed_by.startswith("/") else ""
    for uri in fields["uris"].split():
        for suite in fields.get("suites", "").split():
            yield f"deb-src {options}{uri} {suite} {fields.get('components', '')}".rstrip()


def debian_sources():
    """The machine's sources that can carry Debian's redis package."""
    parts = APT / "sources.list.d"
    one_line = [path for path in [APT / "sources.list", *sorted(parts.glob("*.list"))]
                if path.exists()]
    lines = source_lines(one_line, sorted(parts.glob("*.sources")))
    # Third-party archives carry no Debian sources, and one that is down would fail the update.
    online = [line for line in lines if "cdrom:" not in line]
    return [line for line in online if re.search(r"debian|ubuntu", line)] or online


def require_tool(name, package):
    """Finds a program, installing its Debian package when that is possible."""
    found = shutil.which(name)
    if found:
        return found
    if os.geteuid() != 0:
        sys.exit(f"{name} is needed: install the package {package}")
    print(f"installing {package} for {name}", file=sys.stderr)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    if subprocess.run(install, env=environment, capture_output=True).returncode != 0:
        run(["apt-get", "update"])
        run(install, env=environment)
    return shutil.which(name)


def download(folder):
    """apt-get source --download-only, with an apt state of its own under `folder`."""
    state = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text("\n".join(debian_sources()) + "\n")
    apt = ["apt-get", "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache",
           "-o", f"Dir::Etc::sourcelist={state}/sources.list",
           "-o", f"Dir::Etc::sourceparts={state}/parts",
           "-o", "APT::Sandbox::User=root"]
    # One archive without sources fails the update as a whole, though Debian's lists are there.
    update = subprocess.run(apt + ["update"], cwd=folder, capture_output=True, text=True)
    if update.returncode != 0:
        print(update.stderr, file=sys.stderr)
    run(apt + ["source", "--download-only", "redis"], cwd=folder)


def unpack(folder):
    """Unpacks the source, with Debian's patches where dpkg-source is there to apply them."""
    description = sorted(folder.glob("redis_*.dsc"))[-1]
    target = folder / "redis"
    shutil.rmtree(target, ignore_errors=True)
    if shutil.which("dpkg-source"):
        run(["dpkg-source", "--no-check", "-x", description.name, "redis"], cwd=folder)
        return target
    # Without Debian's patches the tests differ only for fixes of later security issues.
    archive = sorted(folder.glob("redis_*.orig.tar.*"))[-1]
    target.mkdir()
    run(["tar", "-xf", archive.name, "-C", "redis", "--strip-components=1"], cwd=folder)
    return target


def prepare():
    """The unpacked suite, ready to run; reuses what an earlier run fetched.

    Returns the folder that holds `tests` and `src`.
    """
    require_tool("tclsh", "tcl")
    folder = places.CACHE / "source"
    suite = folder / "redis"
    if not (suite / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        if not list(folder.glob("redis_*.dsc")):
            print("fetching the redis source package", file=sys.stderr)
            download(folder)
        unpack(folder)
        (suite / "complete").touch()
    for tool in ("redis-cli", "redis-benchmark"):
        place_tool(suite / "src" / tool, require_tool(tool, "redis-tools"))
    write_entry_point(suite)
    return suite


def place_tool(target, found):
    """Puts a copy of Debian's client tool where the suite looks for it."""
    if not target.exists():
        shutil.copy(os.path.realpath(found), target)


def write_entry_point(suite):
    """A copy of test_helper.tcl that loads tolerant.tcl before it begins to run."""
    helper = (suite / "tests" / "test_helper.tcl").read_text()
    begin = helper.rindex("\nif {$::client} {")
    text = f"{helper[:begin]}\nsource {{{TOLERANT}}}\n{helper[begin:]}"
    target = suite / ENTRY_POINT
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


def unit_files(suite):
    """Every unit that the suite lists and carries, in the suite's order."""
    helper = (suite / "tests" / "test_helper.tcl").read_text()
    listed = re.search(r"set ::all_tests \{(.*?)\}", helper, re.S).group(1).split()
    return [unit for unit in listed if (suite / "tests" / f"{unit}.tcl").exists()]
