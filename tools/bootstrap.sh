#!/bin/sh
# Make .venv with everything pinned by constraints.txt, and do nothing when it is there already.
#
#   tools/bootstrap.sh demo      what `make demo` needs: Doorstep, the embedded database, the partner servers
#   tools/bootstrap.sh dev       the same, and what checks and tests need
#   tools/bootstrap.sh browser   a Chromium for the browser tests, if it can be had
#
# PYTHON chooses the interpreter (3.11 or newer). Needs nothing but python3: where Debian's python3 comes without
# pip, the package is installed (as root) or its wheel is fetched into .venv alone (as anybody else).
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=.venv

say() { printf '· %s\n' "$*"; }
fail() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }
as_root() { [ "$(id -u)" = 0 ]; }

# Keeps a command quiet; if it fails, its output is shown.
quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
    cat "$log" >&2
    rm -f "$log"
    return 1
}

apt_install() {
    quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" && return 0
    say "Refreshing Debian's package lists"
    quietly apt-get update -q && quietly env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

has_ensurepip() { "$1" -m ensurepip --version >/dev/null 2>&1; }

# Debian keeps the pip that fills new environments in a package of its own; anybody may unpack one into a folder.
fetch_pip() {
    wheel=$(ls /usr/share/python-wheels/pip-*.whl 2>/dev/null | head -n 1)
    if [ -n "$wheel" ]; then printf '%s' "$wheel"; return 0; fi
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    (cd "$1" && quietly apt-get download -q python3-pip-whl) 2>/dev/null || fetch_pip_with_own_lists "$1" || return 1
    dpkg-deb -x "$1"/python3-pip-whl_*.deb "$1" && ls "$1"/usr/share/python-wheels/pip-*.whl
}

fetch_pip_with_own_lists() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    set -- "$1" -q -o Dir::State::lists="$1/lists" -o Dir::Cache="$1/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=
    folder=$1; shift
    (cd "$folder" && quietly apt-get "$@" update && quietly apt-get "$@" download python3-pip-whl)
}

make_venv_without_ensurepip() {
    folder=$(mktemp -d)
    wheel=$(fetch_pip "$folder") || { rm -rf "$folder"; return 1; }
    quietly "$PYTHON" -m venv --without-pip "$VENV" &&
        quietly env PYTHONPATH="$wheel" "$VENV/bin/python" -m pip install --no-index --no-deps "$wheel"
    status=$?
    rm -rf "$folder"
    return $status
}

make_venv() {
    command -v "$PYTHON" >/dev/null || fail "there is no $PYTHON: install Python 3.11 or newer (Debian: apt-get install python3)."
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$($PYTHON --version) is too old: Doorstep needs 3.11 or newer (choose one with PYTHON=python3.12)."
    say "Making $VENV with $("$PYTHON" --version)"
    rm -rf "$VENV"
    if ! has_ensurepip "$PYTHON" && as_root && command -v apt-get >/dev/null; then
        say "Installing Debian's python3-venv"
        apt_install python3-venv || true
    fi
    if has_ensurepip "$PYTHON"; then
        quietly "$PYTHON" -m venv "$VENV" || fail "could not make $VENV."
    else
        say "This Python has no pip of its own: fetching one for $VENV"
        make_venv_without_ensurepip ||
            { rm -rf "$VENV"; fail "this Python has no pip. Ask for the package python3-venv, then try again."; }
    fi
}

install() {
    stamp="$VENV/.installed-$1"
    wanted=$(cat pyproject.toml constraints.txt | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    [ -x "$VENV/bin/pip" ] || make_venv
    say "Installing what constraints.txt pins (a minute or two the first time)"
    # The constraints hold for the build's own requirements too; pip changed the name of that variable in release 25.3.
    quietly env PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$VENV/bin/python" -m pip install -q --no-input --no-compile -c constraints.txt -e ".[$2]" ||
        fail "installing failed; the lines above say why."
    printf '%s\n' "$wanted" >"$stamp"
}

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

browser() {
    find_chromium >/dev/null && return 0
    if as_root && command -v apt-get >/dev/null; then
        say "Installing Debian's chromium for the browser tests"
        apt_install chromium && return 0
    fi
    say "Fetching a Chromium for the browser tests"
    quietly "$VENV/bin/playwright" install chromium 2>/dev/null && return 0
    [ -z "${CI:-}" ] || fail "no Chromium could be had, and the browser tests must run here."
    say "No Chromium could be had: the browser tests will be skipped."
}

case "${1:-}" in
    demo) [ -f "$VENV/.installed-dev" ] && install dev dev || install demo local,sandbox ;;
    dev) install dev dev ;;
    browser) browser ;;
    *) fail "say what for: demo, dev or browser." ;;
esac
