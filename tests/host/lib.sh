# What the scripts that make a file system of their own share: sourced, after `me` is set to the script's name.

source "$(dirname "${BASH_SOURCE[0]}")/common"

die() {
  printf 'tests/host/%s: %s\n' "$me" "$*" >&2
  exit 1
}

# What is to be printed when something fails: each script has its own.
evidence() { :; }
fail() {
  {
    printf '   FAILED: %s\n' "$*"
    evidence
  } >&2
  exit 1
}

# need TOOL...: all of them, or an end with the names of those that are missing.
need() {
  local tool missing=()
  for tool in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ ${#missing[@]} -eq 0 ] || die "please install ${missing[*]}"
}

# fresh_root FOLDER PACKAGES: a new Debian, from where this machine's apt gets its packages. Or, where FRESH_ROOT names a
# folder that holds one from before, a copy of that.
fresh_root() {
  local mirror suite
  if [ -n "${FRESH_ROOT:-}" ]; then
    printf '== a copy of %s\n' "$FRESH_ROOT"
    mkdir -p "$1"
    cp -a "$FRESH_ROOT/." "$1/"
    return
  fi
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | head -n 1)
  suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  [ -n "$mirror" ] && [ -n "$suite" ] || die "cannot tell the mirror or the release of Debian from this machine's apt"
  printf '== a fresh %s\n' "$suite"
  mkdir -p "$1"
  debootstrap --variant=minbase --include="$2" "$suite" "$1" "$mirror" >"$1.log" 2>&1 \
    || { tail -n 20 "$1.log" "$1/debootstrap/debootstrap.log" 2>/dev/null; die "debootstrap failed"; }
}
