#!/usr/bin/env bash
# Builds the images without a container engine: static programs, an OCI image layout for each (made with
# umoci), and its bill of materials (CycloneDX, made with cargo-cyclonedx).
#
#     deploy/images/build.sh [--out DIR] [--target TRIPLE] [PROGRAM...]
#
# DIR, target/images unless said, gets a folder a program: a layout with one image, tagged with the project's
# version, that any OCI tool reads (`skopeo copy oci:DIR/eastwest-gateway:0.1.0 docker://...`), and beside it
# the bill of materials, which is in the image as well. All programs, unless some are named. TRIPLE is Rust's
# name of the machine that runs them: this one's with the GNU C library, unless said; of musl nothing is
# known here but that it is meant to work, and another CPU needs a linker for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
    echo "deploy/images/build.sh: $*" >&2
    exit 1
}

out=target/images
target=$(uname -m)-unknown-linux-gnu
programs=()
while [ $# -gt 0 ]; do
    case $1 in
    --out) [ -n "${2-}" ] || die "--out needs a folder"; out=$2; shift 2 ;;
    --target) [ -n "${2-}" ] || die "--target needs a triple"; target=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    -*) die "unknown flag $1 (--help lists them)" ;;
    *) programs+=("$1"); shift ;;
    esac
done
[ ${#programs[@]} -gt 0 ] || programs=(eastwest-gateway eastwest-resolver eastwest-shim eastwest)
for program in "${programs[@]}"; do
    case $program in
    eastwest-gateway | eastwest-resolver | eastwest-shim | eastwest) ;;
    *) die "there is no program $program: eastwest-gateway, eastwest-resolver, eastwest-shim, eastwest" ;;
    esac
done

if ! command -v umoci >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        die "missing: umoci. On Debian, as root: apt-get install umoci"
    fi
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends umoci; } >/dev/null ||
        die "apt-get could not install umoci"
fi
cyclonedx_version=0.5.9
tools=${XDG_CACHE_HOME:-$HOME/.cache}/eastwest/cargo-cyclonedx-$cyclonedx_version
if [ ! -x "$tools/bin/cargo-cyclonedx" ]; then
    CARGO_TARGET_DIR=$tools/build cargo install --quiet --locked --root "$tools" \
        --version "$cyclonedx_version" cargo-cyclonedx || die "cargo-cyclonedx could not be installed"
    rm -rf "$tools/build"
fi

case $target in
x86_64-*) arch=amd64 ;;
aarch64-*) arch=arm64 ;;
*) die "images are for x86_64 and aarch64, not for $target" ;;
esac

# One folder, and nothing in the tree: cargo-cyclonedx writes beside each Cargo.toml. No private keys of the documents'.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar --exclude=./target --exclude=./.git --exclude=./certs --exclude=./deploy/istio/certs -cf - . | tar -xf - -C "$work"

# The C library is in the program. It is not asked for names of hosts or users: the resolver and the shim
# ask name servers themselves.
flags=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$target")_RUSTFLAGS
declare -x "$flags=-C target-feature=+crt-static -C relocation-model=pie"
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# The programs tell it (`eastwest version`).
[ "$revision" = unknown ] || export EASTWEST_COMMIT=$revision
packages=()
for program in "${programs[@]}"; do packages+=(-p "$program"); done
cargo build --release --locked --target "$target" "${packages[@]}"

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# That of the last commit: whoever builds it again has the same times, and the same digest.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

declare -A folder=([eastwest]=cli [eastwest-gateway]=gateway [eastwest-resolver]=resolver
    [eastwest-shim]=sidecar-shim)
declare -A about=(
    [eastwest]="eastwest: the three servers, and the tools for people"
    [eastwest-gateway]="eastwest-gateway: routes TLS between clusters by server name, decrypts nothing"
    [eastwest-resolver]="eastwest-resolver: answers the aliases of pods in other clusters"
    [eastwest-shim]="eastwest-shim: the mutual TLS ends, one beside each app"
)

mkdir -p "$out"
for program in "${programs[@]}"; do
    image=$out/$program:$version
    rm -rf "${out:?}/$program" "$out/$program.cdx.json"

    "$tools/bin/cargo-cyclonedx" cyclonedx --quiet --format json --target "$target" \
        --manifest-path "$work/${folder[$program]}/Cargo.toml" --override-filename bom
    root=$work/root-$program
    install -D -m 0755 "${CARGO_TARGET_DIR:-target}/$target/release/$program" "$root/usr/bin/$program"
    # Where it was built is nobody's business, and another place each time.
    sed -i "s|$work|/src|g" "$work/${folder[$program]}/bom.json"
    install -D -m 0644 "$work/${folder[$program]}/bom.json" "$root/usr/share/sbom/$program.cdx.json"
    cp "$root/usr/share/sbom/$program.cdx.json" "$out/$program.cdx.json"
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

    umoci init --layout "$out/$program"
    umoci new --image "$image"
    umoci insert --rootless --image "$image" --history.created "$created" "$root/usr" /usr
    # A number, because Kubernetes can't see of a name that it is not root's (runAsNonRoot).
    umoci config --image "$image" --created "$created" --history.created "$created" \
        --os linux --architecture "$arch" --config.user 1337:1337 --config.workingdir / \
        --config.entrypoint "/usr/bin/$program" \
        --config.label "org.opencontainers.image.title=$program" \
        --config.label "org.opencontainers.image.description=${about[$program]}" \
        --config.label "org.opencontainers.image.version=$version" \
        --config.label "org.opencontainers.image.revision=$revision" \
        --config.label "org.opencontainers.image.created=$created" \
        --config.label "org.opencontainers.image.licenses=Apache-2.0"
    umoci gc --layout "$out/$program"
    bytes=$(find "$out/$program/blobs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
    program_bytes=$(stat -c %s "$root/usr/bin/$program")
    echo "$program:$version linux/$arch: $bytes bytes packed, the program $program_bytes"
done
