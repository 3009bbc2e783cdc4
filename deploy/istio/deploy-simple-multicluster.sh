#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Installs Istio in both clusters, the east-west gateway and hello in cluster A, and connects cluster B
to them. Run it again after any change: what is as it should be stays.

Usage: ./deploy-simple-multicluster.sh [--context-a NAME] [--context-b NAME] [--certs DIR] [--pxc]

  --context-a NAME  kubectl context of the source [default: k3d-cluster-a]
  --context-b NAME  kubectl context of the replica [default: k3d-cluster-b]
  --certs DIR       what setup-certs.sh has written [default: certs, beside this script]
  --pxc             the databases too; needs the Percona operator (see README.md)
  --help            print this
EOF
}

a=k3d-cluster-a b=k3d-cluster-b certs=certs pxc=()
while [ $# -gt 0 ]; do
    case $1 in
    --context-a) value "$@" && a=$2 && shift 2 ;;
    --context-b) value "$@" && b=$2 && shift 2 ;;
    --certs) value "$@" && certs=$2 && shift 2 ;;
    --pxc) pxc=(--pxc) && shift ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
need kubectl istioctl openssl
for name in cluster-a cluster-b; do
    [ -e "$certs/$name/ca-cert.pem" ] ||
        die "there is no CA for $name in $certs" "./setup-certs.sh --out $certs"
done
reachable "$a" "$b"

# ca CONTEXT CLUSTER: gives istiod its CA, before it would make one of its own.
ca() {
    kubectl create namespace istio-system --dry-run=client -o yaml | kubectl --context "$1" apply -f - >/dev/null
    local there
    there=$(kubectl --context "$1" -n istio-system get secret cacerts --ignore-not-found \
        -o 'jsonpath={.data.ca-cert\.pem}')
    if [ -z "$there" ]; then
        kubectl --context "$1" -n istio-system create secret generic cacerts \
            --from-file="$certs/$2/ca-cert.pem" --from-file="$certs/$2/ca-key.pem" \
            --from-file="$certs/$2/root-cert.pem" --from-file="$certs/$2/cert-chain.pem" >/dev/null
    elif [ "$there" != "$(openssl base64 -A -in "$certs/$2/ca-cert.pem")" ]; then
        die "$1 has another CA than $certs/$2, and a running mesh must not change it under its pods" \
            "--certs with the folder it was made from, or ./cleanup.sh to begin anew"
    fi
}

for cluster in "$a cluster-a" "$b cluster-b"; do
    read -r context name <<<"$cluster"
    say "Istio in $context"
    ca "$context" "$name"
    istioctl install --context "$context" -f "control-plane/$name.yaml" -y
done

say "the east-west gateway in $a"
kubectl --context "$a" apply -k cluster-a/gateway
kubectl --context "$a" -n istio-system rollout status deployment/istio-eastwestgateway --timeout=300s

say "hello in $a"
kubectl --context "$a" apply -k cluster-a/hello
kubectl --context "$a" -n demo rollout status statefulset/hello --timeout=300s

if [ ${#pxc[@]} -gt 0 ]; then
    for context in "$a" "$b"; do
        kubectl --context "$context" get crd perconaxtradbclusters.pxc.percona.com >/dev/null 2>&1 ||
            die "$context does not have the Percona operator" "README.md, \"The databases\", says how"
        kubectl --context "$context" -n pxc get secret db-secrets >/dev/null 2>&1 ||
            die "$context does not have the secret db-secrets in the namespace pxc" \
                "README.md, \"The databases\", says how"
    done
    say "PXC in $a"
    kubectl --context "$a" apply -k cluster-a/pxc
    kubectl --context "$a" -n pxc wait --for=jsonpath='{.status.state}'=ready pxc/db --timeout=1200s
fi

./connect-clusters.sh --context-a "$a" --context-b "$b" "${pxc[@]}"
