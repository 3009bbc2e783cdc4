#!/bin/sh
# Every fuzz target for so many seconds (600 unless said), one after the other, and what each did; the
# options behind that are cargo-fuzz's, such as `-s none` where the compiler is a stable one.
set -eu
seconds=${1:-600}
[ $# -eq 0 ] || shift
root=$(cd "$(dirname "$0")/.." && pwd)

# CRATE TARGET DICTIONARY LONGEST-INPUT
while read -r crate target dictionary longest; do
    printf '%s/%s\n' "$crate" "$target"
    log=$(mktemp)
    (cd "$root/$crate" && cargo fuzz run "$target" "$@" -- "-max_total_time=$seconds" \
        "-max_len=$longest" "-dict=$root/$crate/fuzz/$dictionary.dict" -timeout=60 \
        -print_final_stats=1) >"$log" 2>&1 </dev/null || {
        tail -n 40 "$log"
        exit 1
    }
    grep -E '^(Done|stat::)' "$log"
    rm "$log"
done <<TARGETS
transport client_hello client_hello 4096
transport sni sni 300
transport records records 4096
transport spiffe_id spiffe_id 2200
transport svid svid 1500
mesh yaml yaml 4096
resolver plain dns 512
resolver messages dns 1024
TARGETS
