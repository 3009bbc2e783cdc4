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
    mkdir "$new/root"
    key "$new/root/root-key.pem"
    openssl req -x509 -new -sha256 -days 3650 -key "$new/root/root-key.pem" -out "$new/root/root-cert.pem" \
        -subj "/O=eastwest/CN=Root CA" -addext basicConstraints=critical,CA:true \
        -addext keyUsage=critical,keyCertSign,cRLSign
    mv "$new/root" "$out/root"
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

# again FOLDER: what helps where a folder is not whole.
again() { echo "bring it back, or move $1 away and run this again"; }

# present FOLDER FILE...: whether each is there, and something can be read from it.
present() {
    local file
    for file in "${@:2}"; do
        [ -e "$1/$file" ] || die "$1/$file is missing" "$(again "$1")"
        if [ ! -r "$1/$file" ] || [ ! -s "$1/$file" ]; then
            die "$1/$file is empty, or can't be read" "$(again "$1")"
        fi
    done
}

# certificate FILE: whether it is one, and valid for a day yet: a CA that ends while it is rolled out
# is of no use.
certificate() {
    openssl x509 -in "$1" -noout 2>/dev/null ||
        die "$1 is no certificate" "$(again "$(dirname "$1")")"
    openssl x509 -in "$1" -noout -checkend 86400 >/dev/null ||
        die "$1 has expired, or does so within a day" "move $(dirname "$1") away and run this again"
}

# fits KEY CERTIFICATE: whether they have one public key.
fits() {
    local public
    public=$(openssl pkey -in "$1" -passin pass: -pubout 2>/dev/null) ||
        die "$1 is no private key, or has a passphrase" "$(again "$(dirname "$1")")"
    [ "$public" = "$(openssl x509 -in "$2" -noout -pubkey)" ] ||
        die "$1 is not the key of $2" "$(again "$(dirname "$1")")"
}

# The key may be kept elsewhere once both clusters are signed.
check_root() {
    present "$out/root" root-cert.pem
    certificate "$out/root/root-cert.pem"
    if [ -e "$out/root/root-key.pem" ]; then
        present "$out/root" root-key.pem
        fits "$out/root/root-key.pem" "$out/root/root-cert.pem"
    fi
}

# Of the first certificate in a file.
fingerprint() { openssl x509 -in "$1" -noout -fingerprint -sha256; }

check_cluster() {
    local folder=$out/$1 file
    present "$folder" ca-cert.pem ca-key.pem cert-chain.pem root-cert.pem
    for file in ca-cert.pem cert-chain.pem root-cert.pem; do
        certificate "$folder/$file"
    done
    fits "$folder/ca-key.pem" "$folder/ca-cert.pem"
    [ "$(fingerprint "$folder/cert-chain.pem")" = "$(fingerprint "$folder/ca-cert.pem")" ] ||
        die "$folder/cert-chain.pem does not begin with $folder/ca-cert.pem" "$(again "$folder")"
    openssl verify -CAfile "$out/root/root-cert.pem" -untrusted "$folder/cert-chain.pem" \
        "$folder/ca-cert.pem" >/dev/null 2>&1 ||
        die "$folder was not signed by $out/root: the clusters would not trust each other" \
            "move $folder away and run this again"
    [ "$(fingerprint "$folder/root-cert.pem")" = "$(fingerprint "$out/root/root-cert.pem")" ] ||
        die "$folder/root-cert.pem is not $out/root/root-cert.pem" "$(again "$folder")"
}

if [ -e "$out/root" ]; then
    check_root
    say "$out/root is there: kept"
else
    say "making $out/root"
    root
fi
for name in cluster-a cluster-b; do
    if [ -e "$out/$name" ]; then
        check_cluster "$name"
        say "$out/$name is there: kept"
        continue
    fi
    [ -e "$out/root/root-key.pem" ] || die "$out/root/root-key.pem is missing, and signs $name" \
        "bring it back, or move $out away and begin with a new root"
    say "making $out/$name"
    cluster "$name"
    check_cluster "$name"
done

cat <<EOF

Both clusters' CAs lead to one root, in $out.
Next: ./setup-clusters.sh, and then ./deploy-simple-multicluster.sh
EOF
