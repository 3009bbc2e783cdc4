#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
. ./requirements.sh

usage() {
    cat <<'EOF'
Calls each alias from cluster B and sees whether the right pod of cluster A answers, and whether
plaintext is refused at the gateway. Changes nothing.

Usage: ./test-simple-multicluster.sh [--context-a NAME] [--context-b NAME] [--tries N] [--pxc]

  --context-a NAME  kubectl context of the source [default: k3d-cluster-a]
  --context-b NAME  kubectl context of the replica [default: k3d-cluster-b]
  --tries N         how often to call, 2 s apart: Istio takes some seconds to spread a change
                    [default: 15]
  --pxc             the databases too
  --help            print this

Exit status: 0 if all is well, 1 if something is not.
EOF
}

a=k3d-cluster-a b=k3d-cluster-b tries=15 pxc=no
while [ $# -gt 0 ]; do
    case $1 in
    --context-a) value "$@" && a=$2 && shift 2 ;;
    --context-b) value "$@" && b=$2 && shift 2 ;;
    --tries) value "$@" && tries=$2 && shift 2 ;;
    --pxc) pxc=yes && shift ;;
    --help | -h) usage && exit ;;
    *) unknown "$1" ;;
    esac
done
[[ $tries =~ ^[1-9][0-9]*$ ]] || die "--tries $tries is no number"
need kubectl
reachable "$a" "$b"

client() { kubectl --context "$b" -n demo exec deployment/client -c curl -- "$@"; }

hello() { client curl -fsS --max-time 10 "http://src-$1.demo.svc.cluster.local:8080/"; }

# The password goes by standard input: arguments can be read by everybody on the node.
database() {
    # shellcheck disable=SC2016 # expanded in the pod
    kubectl --context "$b" -n pxc get secret db-secrets -o 'go-template={{.data.replication | base64decode}}' |
        kubectl --context "$b" -n pxc exec -i db-pxc-0 -c pxc -- bash -c \
            'MYSQL_PWD=$(cat) exec mysql --connect-timeout=10 --user=replication --host="$0" -Nse "SELECT @@hostname"' \
            "src-$1.pxc.svc.cluster.local"
}

failed=0
# expect ASK POD ANSWER: another pod's answer is as wrong as none.
expect() {
    local answer=
    for _ in $(seq "$tries"); do
        answer=$("$1" "$2" 2>&1) && [ "$answer" = "$3" ] && break
        sleep "${EASTWEST_TEST_PAUSE:-2}"
    done
    if [ "$answer" = "$3" ]; then
        printf 'ok    src-%s: %s\n' "$2" "$answer"
    else
        printf 'FAIL  src-%s: expected "%s", got "%s"\n' "$2" "$3" "$answer"
        failed=1
    fi
}

for n in 0 1 2; do
    expect hello "hello-$n" "hello from hello-$n"
done
[ "$pxc" = no ] || for n in 0 1 2; do
    expect database "db-pxc-$n" "db-pxc-$n"
done

gateway=$(kubectl --context "$b" -n demo get serviceentry src-hello-0 -o 'jsonpath={.spec.endpoints[0].address}')
[ -n "$gateway" ] || die "the ServiceEntry src-hello-0 of $b has no endpoint" "./connect-clusters.sh"
# 20 s: Envoy waits 15 for a ClientHello. Any answer is wrong, an error page from the far side too.
if client curl -sS --max-time 20 -o /dev/null "http://$gateway:15443/" >/dev/null 2>&1; then
    printf 'FAIL  plaintext to %s:15443 was answered\n' "$gateway"
    failed=1
else
    printf 'ok    plaintext to %s:15443 is refused\n' "$gateway"
fi

if [ "$failed" = 1 ]; then
    cat <<EOF

Something is wrong. In the order of the path:
  istioctl --context $b proxy-config endpoints deploy/client.demo | grep src-hello
  kubectl --context $a -n istio-system logs -l istio=eastwestgateway --tail=50
  istioctl --context $a proxy-config listeners deploy/istio-eastwestgateway.istio-system --port 15443
  kubectl --context $a -n demo get endpointslices,pods -o wide
EOF
    exit 1
fi
cat <<'EOF'

Every alias reaches its pod, by mTLS and nothing else.
Next: README.md, "One part at a time", or ./cleanup.sh
EOF
