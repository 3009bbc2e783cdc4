# shellcheck shell=bash
# Sourced by the scripts beside it: which tools they need, and how they say what is wrong.

me=$(basename "$0")

say() { printf '== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "$me" "$1" >&2
    shift
    # What to do about it, a line each.
    [ $# = 0 ] || printf '    %s\n' "$@" >&2
    exit 1
}

# Older ones take an empty array for an unset variable.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
    die "this is bash $BASH_VERSION; 4.4 or later is needed" "macOS: brew install bash"
fi

# unknown ARG: exits as for any wrong command line.
unknown() {
    printf '%s: %s is not known; see %s --help\n' "$me" "$1" "$me" >&2
    exit 2
}

# value ARG...: fails unless the option has a value after it.
value() {
    if [ -z "${2:-}" ]; then
        printf '%s: %s needs a value; see %s --help\n' "$me" "$1" "$me" >&2
        exit 2
    fi
}

# The first thing in a tool's answer that looks like a version.
version_of() {
    case $1 in
    k3d) k3d version ;;
    kubectl) kubectl version --client ;;
    istioctl) istioctl version --remote=false ;;
    docker) docker --version ;;
    openssl) openssl version ;;
    esac 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1
}

# The oldest version that will do, with the reason.
oldest() {
    case $1 in
    k3d) echo 5.0 ;;       # --k3s-arg ARG@NODEFILTER
    kubectl) echo 1.27 ;;  # kustomize 5
    istioctl) echo 1.22 ;; # networking.istio.io/v1
    docker) echo 20.10 ;;  # what k3d 5 asks for
    openssl) echo 1.1.1 ;; # req -addext
    esac
}

where_from() {
    case $1 in
    k3d) echo "https://k3d.io/stable/#installation" ;;
    kubectl) echo "https://kubernetes.io/docs/tasks/tools/" ;;
    istioctl) echo "https://istio.io/latest/docs/setup/install/istioctl/" ;;
    docker) echo "https://docs.docker.com/engine/install/" ;;
    openssl) echo "the openssl package of your system" ;;
    esac
}

# need TOOL...: names all that is missing or too old, and ends if anything is.
need() {
    local tool found wanted wrong=()
    for tool in "$@"; do
        wanted=$(oldest "$tool")
        if ! command -v "$tool" >/dev/null; then
            wrong+=("$tool is not installed; get $wanted or later from $(where_from "$tool")")
            continue
        fi
        found=$(version_of "$tool" || true)
        if [ -z "$found" ]; then
            wrong+=("$tool does not tell its version; $wanted or later is needed")
        elif [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
            wrong+=("$tool is $found; get $wanted or later from $(where_from "$tool")")
        fi
    done
    [ ${#wrong[@]} = 0 ] || die "tools are missing:" "${wrong[@]}"
}

# reachable CONTEXT...: whether each cluster answers.
reachable() {
    local context
    for context in "$@"; do
        kubectl --context "$context" get namespace kube-system >/dev/null ||
            die "the cluster of the kubectl context $context does not answer" \
                "kubectl config get-contexts    # lists the contexts there are" \
                "./setup-clusters.sh            # makes k3d-cluster-a and k3d-cluster-b"
    done
}
