#!/usr/bin/env bash
# Checks what is under deploy/ without a cluster: scripts (shellcheck, and runs against recorded
# tools), manifests (strict schemas), and what no schema knows (check/).
#
# Needs python3 with venv, openssl, curl and shellcheck; as root on Debian what is missing is installed. Where there is
# kubectl (Debian: kubernetes-client) its rendering of each folder is compared with that of check/.
# The Python packages come from PyPI, once, into ~/.cache/eastwest.
set -euo pipefail
cd "$(dirname "$0")"

# The schemas of kubernetes-validate decide what passes: one version, for everybody. helm-python-sdk is
# Helm's own engine as a library, 240 MB when it is unpacked.
packages=(kubernetes-validate==1.37.0 jsonschema==4.26.0 PyYAML==6.0.3 helm-python-sdk==0.2.2)

die() {
    echo "deploy/check.sh: $*" >&2
    exit 1
}

want=()
command -v python3 >/dev/null || want+=(python3)
command -v openssl >/dev/null || want+=(openssl)
command -v curl >/dev/null || want+=(curl)
command -v shellcheck >/dev/null || want+=(shellcheck)
# Debian has ensurepip in a package of its own, without which venv makes no pip.
python3 -c 'import ensurepip' 2>/dev/null || want+=(python3-venv)
if [ ${#want[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        die "missing: ${want[*]}. On Debian, as root: apt-get install ${want[*]}"
    fi
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${want[@]}"; } >/dev/null ||
        die "apt-get could not install ${want[*]}"
fi

venv=${XDG_CACHE_HOME:-$HOME/.cache}/eastwest/deploy-check
mark=$venv/packages
if [ "$(cat "$mark" 2>/dev/null)" != "${packages[*]}" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" || die "python3 -m venv failed; the lines above say why"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" ||
        die "PyPI did not give ${packages[*]}; the lines above say why"
    echo "${packages[*]}" >"$mark"
fi

mapfile -t scripts < <(find . -name '*.sh' | sort)
shellcheck --external-sources --source-path=SCRIPTDIR "${scripts[@]}"
echo "shellcheck: ${#scripts[@]} scripts"

"$venv/bin/python" -m check
"$venv/bin/python" -m unittest discover --start-directory check --top-level-directory .
