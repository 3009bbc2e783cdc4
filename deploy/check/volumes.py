"""The volumes of a pod: names, layout, owners and modes of the files, as kubelet and the CSI driver make them.

Of kubelet it is pkg/volume/util/atomic_writer.go and pkg/volume/volume_linux.go, of the driver
storage/filesystem.go of cert-manager's csi-lib. What is in a certificate's files is an `issuers`'.
"""
import os

# Of the files of a Secret or ConfigMap where the manifest says nothing.
MODE = 0o644
SPIFFE = "spiffe.csi.cert-manager.io"
# The driver's own names, by those of `eastwest certs`.
NAMES = {"cert-chain.pem": "tls.crt", "key.pem": "tls.key", "root-cert.pem": "ca.crt"}


class Unknown(Exception):
    """A manifest has something that nobody reads here."""


def made(cluster, w, home, certificate, wanted):
    """A folder for each volume that is wanted, by its name; `certificate` is files of the pod's account."""
    folders = {}
    for volume in w.volumes:
        name = volume["name"]
        if name not in wanted:
            continue
        folders[name] = folder = home / name
        folder.mkdir()
        folder.chmod(0o777)
        group = w.pod.get("securityContext", {}).get("fsGroup")
        if "configMap" in volume:
            source = volume["configMap"]
            lay(folder, chosen(source, cluster.named("ConfigMap", w.namespace, source["name"])["data"]))
            own(folder, group, 0o440)
        elif "secret" in volume:
            lay(folder, chosen(volume["secret"], certificate))
            own(folder, group, 0o440)
        elif "emptyDir" in volume:
            own(folder, group, 0o660)
        elif volume.get("csi", {}).get("driver") == SPIFFE:
            drive(folder, volume["csi"], certificate)
        else:
            raise Unknown(f"volume {name}: {', '.join(volume)}")
    return folders


def chosen(source, contents):
    """Text and mode of each file by its path: all of them, or the `items`."""
    items = source.get("items", [{"key": key, "path": key} for key in contents])
    return {i["path"]: (contents[i["key"]], i.get("mode", source.get("defaultMode", MODE))) for i in items}


def lay(folder, files):
    """The files in a folder of this version, to which `..data` leads, and their names through that."""
    version = folder / "..2026_01_01_00_00_00.1"
    version.mkdir()
    version.chmod(0o755)
    for path, (text, mode) in files.items():
        (version / path).write_text(text)
        (version / path).chmod(mode)
        (folder / path).symlink_to(f"..data/{path}")
    (folder / "..data").symlink_to(version.name)


def own(folder, group, mask):
    """All of it is of the pod's fsGroup, which may read it; without one it stays as it is."""
    if group is None:
        return
    for at, folders, files in os.walk(folder):
        for path in (at, *(os.path.join(at, name) for name in (*folders, *files))):
            os.lchown(path, -1, group)
            if not os.path.islink(path):
                more = mask | 0o2110 if os.path.isdir(path) else mask
                os.chmod(path, os.stat(path).st_mode & 0o7777 | more)


def drive(folder, csi, certificate):
    """The driver minds its own attribute alone: fsGroup is not for volumes without a file system of their own."""
    lay(folder, {NAMES[name]: (text, 0o440) for name, text in certificate.items()})
    group = int(csi.get("volumeAttributes", {}).get(f"{SPIFFE}/fs-group", 0))
    for path in (folder, *folder.glob("..2*/*")):
        os.lchown(path, -1, group)
    folder.chmod(0o550)
