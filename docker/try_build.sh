#!/usr/bin/env bash
# Builds the image where no container engine runs, and tries its entry point: `docker/try_build.sh [FOLDER]`.
#
# The base is a stand-in made of Debian bookworm with its Python 3.11, because the real one cannot be had
# without a registry of images. So this proves the steps of the Dockerfile, the lock, who owns what and that
# the programs start; it does not prove the real base. Needs root, buildah, mmdebstrap, 10 GB in FOLDER
# (emptied at the end) and ten minutes: it is no part of `make test`.
#
# The machine's own pip.conf and certificates are lent to the build, and stay out of the image.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath -m "${1:-${TMPDIR:-/tmp}/drought-image}")
# STORAGE_DRIVER=vfs where the file system of FOLDER takes no overlays: slower, and 10 GB more.
export BUILDAH_ISOLATION=chroot
buildah() {
  command buildah --storage-driver "${STORAGE_DRIVER:-overlay}" --root "$folder/storage" --runroot "$folder/run" "$@"
}
say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
failed=0
must() { # what, expected, got; all is tried before it ends
  echo "$1: $3"
  [ "$2" = "$3" ] || { echo "try_build: $1: expected $2, got $3" >&2; failed=1; }
}
mkdir -p "$folder"
clear_up() {
  buildah umount --all >/dev/null 2>&1 || true
  # Never through a mount that was left: behind it lie the certificates of this machine.
  if grep --quiet " $folder/" /proc/mounts; then
    echo "try_build: mounts are left in $folder; it stays" >&2
  else
    rm -rf "$folder"
  fi
}
trap clear_up EXIT

base=localhost/python:stand-in
image=localhost/cacilm-drought:trial

say "the stand-in for the base"
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] || sources=/etc/apt/sources.list
# As the official image: Python and pip under /usr/local.
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
  --customize-hook='chroot "$1" python3 -m venv /usr/local' bookworm "$folder/base.tar" "$sources"
container=$(buildah from scratch)
buildah add --quiet "$container" "$folder/base.tar" / >/dev/null
buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin --env LANG=C.UTF-8 "$container"
buildah commit --quiet --rm "$container" "$base" >/dev/null
rm "$folder/base.tar"

say "the image"
lent=(--volume /etc/ssl/certs:/etc/ssl/certs:ro)
for conf in /etc/pip.conf "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do
  [ -f "$conf" ] && lent+=(--secret "id=pip.conf,src=$conf") && break
done
[ -f /etc/uv/uv.toml ] && lent+=(--secret "id=uv.toml,src=/etc/uv/uv.toml")
buildah bud --pull-never --network host --format docker "${lent[@]}" \
  --build-arg PYTHON_IMAGE="$base" --build-arg REVISION="$(git rev-parse HEAD)" \
  --file docker/Dockerfile --tag "$image" .
buildah images --format '{{.Name}} {{.Size}}'

say "what it is"
must user 10001:10001 "$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$image")"
must entry '[drought]' "$(buildah inspect --type image --format '{{.OCIv1.Config.Entrypoint}}' "$image")"
echo "health check: $(buildah inspect --type image --format '{{.Docker.Config.Healthcheck.Test}}' "$image")"
buildah inspect --type image --format '{{.OCIv1.Config.Labels}}' "$image"

say "what runs in it"
container=$(buildah from --pull-never "$image")
inside() { buildah run "$container" -- "$@"; }
inside du --summarize --human-readable /opt/venv /opt/drought
must "account" "uid=10001(drought) gid=10001(drought) groups=10001(drought)" "$(inside id)"
for absent in pip gcc cc make uv curl; do
  must "$absent" absent "$(inside sh -c "command -v $absent || echo absent")"
done
must "module pip" absent "$(inside sh -c 'python -c "import pip" 2>/dev/null && echo there || echo absent')"
must "programs that who runs them could write" "" \
  "$(inside sh -c 'find /opt /usr /etc -writable ! -type l 2>/dev/null || true')"
must "lent to the build and left" "" "$(inside sh -c 'ls -d /etc/pip.conf /etc/uv 2>/dev/null || true')"
inside drought --help | head -4
inside drought plans check /opt/drought/pipeline/plans/documents/uz.yaml
inside python - <<'PYTHON'
from pipeline import wiring
from pipeline.warehouse.migrations import sql_folder
print("dags", wiring.DAGS, len(list(wiring.DAGS.glob("*.py"))), "sql", sql_folder())
PYTHON
# The health check without a warehouse, and then with one: the embedded Postgres, as our account.
must "without a warehouse" 1 "$(inside healthy warehouse >/dev/null && echo 0 || echo 1)"
inside drought db migrate
must "with one" healthy "$(inside healthy warehouse)"
inside drought doctor --need-gb 1 || true # no landscapes yet: it says so
inside drought airflow setup
inside drought db down
if [ "${DEMO:-}" ]; then
  say "the main job on simulated data"
  inside drought demo --folder /tmp/demo
  inside env DROUGHT_VAR=/tmp/demo drought db down
fi
say "done"
exit "$failed"
