#!/usr/bin/env bash
# Builds what is measured and what measures it, and runs that: `run.sh --help` lists the flags.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --release --package eastwest --package eastwest-gateway --package eastwest-shim \
    --package eastwest-resolver --package eastwest-benches
exec "${CARGO_TARGET_DIR:-target}/release/peers" "$@"
