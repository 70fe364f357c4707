"""Where things are: the checkout, its cache, and the server under test."""

from pathlib import Path
import os
import re
import subprocess
import sys

FOLDER = Path(__file__).resolve().parents[1]
CHECKOUT = FOLDER.parents[1]
CACHE = CHECKOUT / ".build" / "conformance"
REFERENCE_DATA = CHECKOUT.parent / "shared" / "reference"


def default_server():
    """The newest sensible build of wingcache: release first, debug otherwise."""
    for configuration in ("release", "debug"):
        path = CHECKOUT / ".build" / configuration / "wingcache"
        if path.exists():
            return str(path)
    return None


def server_or_exit(path):
    """The server to judge, or the end of the run with a sentence that says what to do."""
    path = path or default_server()
    if path is None:
        sys.exit("no wingcache found under .build: run `swift build -c release`,"
                 " or name a server with --server PATH")
    # It is started from another folder; a bare name is looked for on the PATH.
    return os.path.abspath(path) if os.sep in str(path) else path


def server_version(path):
    """A short version text, used to tell cached results of different servers apart."""
    try:
        text = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10,
                              stdin=subprocess.DEVNULL).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"v=(\S+).*?(?:build=(\S+))?\s*$", text.strip())
    return "-".join(part for part in found.groups() if part) if found else text.strip()[:60]
