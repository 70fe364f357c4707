# Shared by the scripts beside it: saying things, and finding the way.

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"

# The ones that CI needs to be quiet about nothing, and everybody else too: one line, marked.
say() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
