#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Makes two k3d clusters on one docker network, which stands for the VPN between two sites. Clusters
that are there already are started and kept.

Usage: ./setup-clusters.sh [--network NAME] [--subnet CIDR] [--image IMAGE]

  --network NAME  docker network that both are in [default: k3d-interconnect]
  --subnet CIDR   its range, if it has to be made [default: 172.21.0.0/16]
  --image IMAGE   k3s image of the nodes, 1.29 or later [default: k3d's own]
  --help          print this

Makes the kubectl contexts k3d-cluster-a and k3d-cluster-b.
EOF
}

network=k3d-interconnect subnet=172.21.0.0/16 image=()
while [ $# -gt 0 ]; do
    case $1 in
    --network) value "$@" && network=$2 && shift 2 ;;
    --subnet) value "$@" && subnet=$2 && shift 2 ;;
    --image) value "$@" && image=(--image "$2") && shift 2 ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
need docker k3d kubectl
docker info >/dev/null 2>&1 || die "docker does not answer" \
    "start it, and see that you may use it: docker info"

if docker network inspect "$network" >/dev/null 2>&1; then
    say "the docker network $network is there: kept"
else
    say "making the docker network $network ($subnet)"
    docker network create --subnet "$subnet" "$network" >/dev/null ||
        die "docker could not make the network $network" \
            "if another one has the range: ./setup-clusters.sh --subnet 172.30.0.0/16"
fi

for name in cluster-a cluster-b; do
    if k3d cluster list "$name" >/dev/null 2>&1; then
        say "$name is there: kept"
        k3d cluster start "$name" --wait >/dev/null
    else
        say "making $name"
        # Traefik would take ports of the node that the east-west gateway's load balancer may need.
        k3d cluster create "$name" --network "$network" --k3s-arg '--disable=traefik@server:0' \
            --wait --timeout 300s "${image[@]}"
    fi
    kubectl --context "k3d-$name" wait --for=condition=Ready node --all --timeout=180s >/dev/null ||
        die "the node of $name is not ready after 3 minutes" "kubectl --context k3d-$name describe nodes"
done

cat <<'EOF'

Both clusters are up, as the kubectl contexts k3d-cluster-a and k3d-cluster-b.
Next: ./setup-certs.sh if you have not yet, and then ./deploy-simple-multicluster.sh
EOF
