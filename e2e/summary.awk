# How many tests of each kind have run, of what `cargo test` prints; `whole` is a pattern of those of the
# whole system. A test that could not be had ends well and says SKIPPED, with its name and why: it has not passed.

# "Running unittests src/lib.rs (...)" and "Running tests/hello.rs (...)", then its result.
/Running unittests/ { kind = "unit" }
/Running (tests|[a-z-]+\/tests)\// { kind = "integration" }
/Running tests/ && $0 ~ whole { kind = "whole system" }
/Running .*\/stage-/ { kind = "namespaces" }
/Running .*\/capture-/ { kind = "namespaces" }
/Running .*\/mysql_servers-/ { kind = "databases" }
/Doc-tests/ { kind = "documentation" }

# The harness may have begun the line with a name.
match($0, /SKIPPED [A-Za-z0-9_]+: .*/) {
    line = substr($0, RSTART)
    name = line
    sub(/: .*/, "", name)
    if (!(name in why)) {
        why[name] = line
        skipped[++s] = line
        p[kind]--
        passed--
    }
}

/^test result:/ {
    for (i = 1; i <= NF; i++) {
        if ($(i + 1) == "passed;") { p[kind] += $i; passed += $i }
        if ($(i + 1) == "failed;") { f[kind] += $i; bad += $i }
        if ($(i + 1) == "ignored;") { ignored += $i }
    }
}

END {
    for (k in p) printf "  %-14s %4d passed, %d failed\n", k, p[k], f[k]
    if (s) { print "skipped, and why:"; for (i = 1; i <= s; i++) print "  " skipped[i] }
    printf "%d passed, %d failed, %d skipped\n", passed, bad, s + ignored
    exit (passed == 0)
}
