#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Tells cluster B where cluster A's gateway is: applies the aliases and what goes with them, with the
gateway's real address in place of 172.21.0.3. Run it again when that address changes.

Usage: ./connect-clusters.sh [--context-a NAME] [--context-b NAME] [--gateway IP] [--pxc]
                             [--kustomization DIR]...

  --context-a NAME     kubectl context of the source [default: k3d-cluster-a]
  --context-b NAME     kubectl context of the replica [default: k3d-cluster-b]
  --gateway IP         the gateway as cluster B reaches it [default: asked of the Service
                       istio-eastwestgateway in cluster A]
  --pxc                the databases too
  --kustomization DIR  apply this instead of cluster-b/hello; can be repeated
  --help               print this
EOF
}

a=k3d-cluster-a b=k3d-cluster-b gateway='' folders=() pxc=()
while [ $# -gt 0 ]; do
    case $1 in
    --context-a) value "$@" && a=$2 && shift 2 ;;
    --context-b) value "$@" && b=$2 && shift 2 ;;
    --gateway) value "$@" && gateway=$2 && shift 2 ;;
    --pxc) pxc=(cluster-b/pxc) && shift ;;
    --kustomization) value "$@" && folders+=("$2") && shift 2 ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
[ ${#folders[@]} -gt 0 ] || folders=(cluster-b/hello)
for folder in "${folders[@]}"; do
    [ -e "$folder/kustomization.yaml" ] || die "$folder has no kustomization.yaml"
done
need kubectl
reachable "$b"

# Prints nothing while the load balancer has no address yet.
load_balancer() {
    kubectl --context "$a" -n istio-system get service istio-eastwestgateway \
        -o "jsonpath={.status.loadBalancer.ingress[0].$1}"
}

if [ -z "$gateway" ]; then
    reachable "$a"
    say "asking $a for its gateway's address"
    # Cloud load balancers take a minute or two.
    for _ in $(seq "${EASTWEST_GATEWAY_TRIES:-60}"); do
        gateway=$(load_balancer ip)
        host=$(load_balancer hostname)
        [ -z "$gateway$host" ] || break
        sleep 5
    done
    [ -n "$gateway" ] || [ -z "${host:-}" ] ||
        die "the gateway has the host name $host, and Istio takes only addresses for STATIC endpoints" \
            "getent hosts $host    # then: ./connect-clusters.sh --gateway IP" \
            "for good: a load balancer with a fixed address"
    [ -n "$gateway" ] || die "the Service istio-eastwestgateway of $a has no address" \
        "kubectl --context $a -n istio-system describe service istio-eastwestgateway" \
        "without a load balancer: ./connect-clusters.sh --gateway IP"
fi
octet='(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
[[ $gateway =~ ^$octet(\.$octet){3}$ ]] || die "--gateway $gateway is no IPv4 address"

# The overlays with our shim name k3s' DNS service.
dns=$(kubectl --context "$b" -n kube-system get service kube-dns -o 'jsonpath={.spec.clusterIP}')
for folder in "${folders[@]}" "${pxc[@]}"; do
    say "$folder in $b, by the gateway $gateway"
    kubectl kustomize "$folder" |
        sed -e "s/172\.21\.0\.3/$gateway/g" -e "s/10\.43\.0\.10/${dns:-10.43.0.10}/g" |
        kubectl --context "$b" apply -f -
done
kubectl --context "$b" -n demo rollout status deployment/client --timeout=300s

cat <<EOF

Cluster B reaches cluster A's pods by their aliases, through $gateway:15443.
Next: ./test-simple-multicluster.sh --context-a $a --context-b $b
EOF
