#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Deletes the two k3d clusters with all that is in them, and their docker network. Clusters that are
not k3d's are left alone.

Usage: ./cleanup.sh [--network NAME] [--certs DIR]

  --network NAME  docker network to remove [default: k3d-interconnect]
  --certs DIR     remove this folder of setup-certs.sh, too; without it the certificates stay
  --help          print this
EOF
}

network=k3d-interconnect certs=
while [ $# -gt 0 ]; do
    case $1 in
    --network) value "$@" && network=$2 && shift 2 ;;
    --certs) value "$@" && certs=$2 && shift 2 ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
[ -z "$certs" ] || [ ! -e "$certs" ] || [ -e "$certs/root/root-cert.pem" ] ||
    die "$certs was not made by setup-certs.sh: not removed"
need docker k3d
docker info >/dev/null 2>&1 || die "docker does not answer" \
    "start it, and see that you may use it: docker info"

for name in cluster-a cluster-b; do
    if k3d cluster list "$name" >/dev/null 2>&1; then
        say "deleting $name"
        k3d cluster delete "$name"
    else
        say "$name is not there"
    fi
done
if docker network inspect "$network" >/dev/null 2>&1; then
    say "removing the docker network $network"
    docker network rm "$network" >/dev/null || die "the docker network $network is in use by others" \
        "docker network inspect $network"
fi
if [ -n "$certs" ]; then
    say "removing $certs"
    rm -rf "${certs:?}/root" "${certs:?}/cluster-a" "${certs:?}/cluster-b"
    rmdir "$certs" 2>/dev/null || true
fi

cat <<'EOF'

Nothing of the demo is left but what was kept above.
Next: ./setup-clusters.sh to begin anew
EOF
