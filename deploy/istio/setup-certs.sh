#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Makes the root that both clusters share, and a CA for each of them below it, in the layout of
Istio's secret cacerts. What is there already is checked and kept.

Usage: ./setup-certs.sh [--out DIR] [--days DAYS]

  --out DIR    where to write [default: certs, beside this script]
  --days DAYS  how long the clusters' CAs are valid; the root is for ten years [default: 730]
  --help       print this

Writes DIR/root (keep root-key.pem off the clusters), DIR/cluster-a and DIR/cluster-b.
EOF
}

out=certs days=730
while [ $# -gt 0 ]; do
    case $1 in
    --out) value "$@" && out=$2 && shift 2 ;;
    --days) value "$@" && days=$2 && shift 2 ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
[[ $days =~ ^[1-9][0-9]*$ ]] || die "--days $days is no number of days"
need openssl

umask 077
mkdir -p "$out"
# Built beside its place and moved there whole: whoever finds a folder finds all of it.
new=$(mktemp -d "$out/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT

# Istio's own kind of CA key (tools/certs).
key() { openssl genrsa -out "$1" 4096 2>/dev/null; }

root() {
    key "$new/root-key.pem"
    openssl req -x509 -new -sha256 -days 3650 -key "$new/root-key.pem" -out "$new/root-cert.pem" \
        -subj "/O=eastwest/CN=Root CA" -addext basicConstraints=critical,CA:true \
        -addext keyUsage=critical,keyCertSign,cRLSign
    mkdir "$out/root"
    mv "$new"/root-*.pem "$out/root/"
}

cluster() {
    mkdir "$new/$1"
    key "$new/$1/ca-key.pem"
    # It signs workloads and no further CA; istiod looks for its name.
    cat >"$new/extensions" <<'EOF'
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectAltName = DNS:istiod.istio-system.svc
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
EOF
    openssl req -new -sha256 -key "$new/$1/ca-key.pem" -out "$new/csr.pem" \
        -subj "/O=eastwest/CN=Intermediate CA/L=$1"
    openssl x509 -req -sha256 -days "$days" -in "$new/csr.pem" -out "$new/$1/ca-cert.pem" \
        -CA "$out/root/root-cert.pem" -CAkey "$out/root/root-key.pem" \
        -set_serial "0x$(openssl rand -hex 16)" -extfile "$new/extensions" 2>/dev/null
    cp "$out/root/root-cert.pem" "$new/$1/"
    cat "$new/$1/ca-cert.pem" "$new/$1/root-cert.pem" >"$new/$1/cert-chain.pem"
    mv "$new/$1" "$out/$1"
}

# A day is left: a CA that ends while it is rolled out is of no use.
usable() {
    openssl x509 -in "$1" -noout -checkend 86400 >/dev/null ||
        die "$1 has expired, or does so within a day" "move $(dirname "$1") away and run this again"
}

if [ -e "$out/root" ]; then
    say "$out/root is there: kept"
else
    say "making $out/root"
    root
fi
usable "$out/root/root-cert.pem"
for name in cluster-a cluster-b; do
    if [ -e "$out/$name" ]; then
        say "$out/$name is there: kept"
    else
        [ -e "$out/root/root-key.pem" ] || die "$out/root/root-key.pem is missing, and signs $name" \
            "bring it back, or move $out away and begin with a new root"
        say "making $out/$name"
        cluster "$name"
    fi
    openssl verify -CAfile "$out/root/root-cert.pem" "$out/$name/ca-cert.pem" >/dev/null ||
        die "$out/$name was not signed by $out/root: the clusters would not trust each other" \
            "move $out/$name away and run this again"
    usable "$out/$name/ca-cert.pem"
done

cat <<EOF

Both clusters' CAs lead to one root, in $out.
Next: ./setup-clusters.sh, and then ./deploy-simple-multicluster.sh
EOF
