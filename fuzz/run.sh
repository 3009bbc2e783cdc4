#!/bin/sh
# Every fuzz target for so many seconds of processor time (600 unless said), one after the other, and what
# each did; the options behind that are cargo-fuzz's, such as `-s none` where the compiler is a stable one.
# Processor time, because ten minutes beside other work may be one. ONLY=TARGET runs that one.
set -eu
seconds=${1:-600}
[ $# -eq 0 ] || shift
root=$(cd "$(dirname "$0")/.." && pwd)
log=$(mktemp)
times=$(mktemp)
trap 'rm -f "$log" "$times"' EXIT

# Leaves in `taken` how many seconds of processor time the programs of this shell have had: the second line
# of `times`, in minutes and seconds. Not for a subshell, whose programs are others.
look() {
    times >"$times"
    taken=$(awk -F '[ms ]+' 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }' "$times")
}

failed() {
    tail -n 60 "$log"
    exit 1
}

# CRATE TARGET DICTIONARY LONGEST-INPUT
while read -r crate target dictionary longest; do
    [ "${ONLY:-$target}" = "$target" ] || continue
    printf '%s/%s\n' "$crate" "$target"
    cd "$root/$crate"
    cargo fuzz build "$target" "$@" >"$log" 2>&1 </dev/null || failed
    look
    end=$((taken + seconds))
    executed=0
    while [ "$taken" -lt "$end" ]; do
        cargo fuzz run "$target" "$@" -- "-max_total_time=$((end - taken))" "-max_len=$longest" \
            "-dict=$root/$crate/fuzz/$dictionary.dict" -timeout=60 -print_final_stats=1 \
            >"$log" 2>&1 </dev/null || failed
        executed=$((executed + $(awk '/^stat::number_of_executed_units/ { print $2 }' "$log")))
        look
    done
    printf '%s executions in %s seconds of processor time, no finding\n' "$executed" $((taken - end + seconds))
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
