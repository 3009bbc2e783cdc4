"""A container as kubelet and its runtime start it: the manifest's arguments, environment, user, groups, capabilities
and mounts, on a root of its own. What they add by themselves, such as a seccomp profile, is not in it."""
import re
import shlex

from check import fields
from check.volumes import Unknown

OURS = "/eastwest-"
# Ours is linked to libraries in a test; and what every runtime mounts.
BORROWED = ("/usr", "/lib", "/lib64", "/proc", "/sys", "/dev")
REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z0-9]+)\)")


class Pod:
    """What a pod is told of itself (downward API)."""

    def __init__(self, w, name, address):
        if unread := list(fields.unread(w)):
            raise Unknown(f"{w.name}: {', '.join(unread)}")
        self.context = w.pod.get("securityContext", {})
        self.fields = {
            "metadata.name": name, "metadata.namespace": w.namespace, "status.podIP": address,
            "status.hostIP": "169.254.1.1", "spec.serviceAccountName": w.account,
        }


def environment(container, pod):
    """The variables of a container, and none of this machine's."""
    if "envFrom" in container:
        raise Unknown(f"{container['name']}: envFrom")
    given = {}
    for entry in container.get("env", []):
        field = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        if "value" not in entry and field not in pod.fields:
            raise Unknown(f"{container['name']}: {entry['name']}")
        given[entry["name"]] = expanded(entry["value"], given) if "value" in entry else pod.fields[field]
    return given


def expanded(text, given):
    """`$(NAME)` as kubelet replaces it: what is not known stays, and of `$$` one is taken away."""
    def replaced(found):
        return "$" if found[0] == "$$" else given.get(found[1], found[0])
    return REFERENCE.sub(replaced, text)


def arguments(container, pod):
    given = environment(container, pod)
    return [expanded(arg, given) for arg in container.get("args", [])]


def confined(container, pod):
    """The words before a program that make it this user, with these rights and this environment."""
    context = {key: pod.context[key] for key in ("runAsUser", "runAsGroup") if key in pod.context} | container["securityContext"]
    if context["capabilities"].get("drop") != ["ALL"]:
        raise Unknown(f"{container['name']}: the capabilities that a runtime gives by itself")
    added = "".join(f",+{c.lower()}" for c in context["capabilities"].get("add", []))
    groups = sorted({str(g) for g in (pod.context.get("fsGroup"), *pod.context.get("supplementalGroups", [])) if g is not None})
    return [
        # Before setpriv, which still reaches programs that this user would not.
        "env", "-i", *(f"{name}={value}" for name, value in environment(container, pod).items()),
        "setpriv", "--reuid", str(context["runAsUser"]), "--regid", str(context.get("runAsGroup", 0)),
        *(["--groups", ",".join(groups)] if groups else ["--clear-groups"]),
        "--bounding-set", f"-all{added}", "--inh-caps", "-all",
        *([] if context.get("allowPrivilegeEscalation", True) else ["--no-new-privs"]),
    ]


def command(container, pod, folders, eastwest, root):
    """What starts a container of ours, with the volumes in these folders at its own paths."""
    if "command" in container:
        raise Unknown(f"{container['name']}: the image's entrypoint is the program")
    server = container["image"].rpartition(OURS)[2].partition(":")[0]
    program = [*confined(container, pod), "/eastwest", server, *arguments(container, pod)]
    quoted = shlex.quote(str(root))
    lines = [f"mkdir {quoted}", f"mount -t tmpfs -o mode=755 container {quoted}"]
    for path in BORROWED:
        lines += [f"[ ! -e {path} ] || {{ mkdir {quoted}{path}; mount --rbind {path} {quoted}{path}; }}"]
    for path, source in (("/etc/resolv.conf", "/etc/resolv.conf"), ("/eastwest", eastwest)):
        lines += [f"mkdir -p $(dirname {quoted}{path})", f"touch {quoted}{path}", f"mount --bind {shlex.quote(str(source))} {quoted}{path}"]
    for mount in container.get("volumeMounts", []):
        if set(mount) - {"name", "mountPath", "readOnly"}:
            raise Unknown(f"{container['name']}: the mount {mount}")
        source, path = shlex.quote(str(folders[mount["name"]])), quoted + shlex.quote(mount["mountPath"])
        lines += [f"mkdir -p {path}", f"mount --bind -o {'ro' if mount.get('readOnly') else 'rw'} {source} {path}"]
    if container["securityContext"].get("readOnlyRootFilesystem"):
        lines += [f"mount -o remount,ro {quoted}"]
    lines += [f"exec chroot {quoted} {shlex.join(program)}"]
    return ["unshare", "--mount", "sh", "-ec", "\n".join(lines)]


def mounted(containers):
    """The volumes that these containers have."""
    return {m["name"] for c in containers for m in c.get("volumeMounts", [])}


def probes(container, address):
    """What kubelet asks: at the pod's address, unless a probe names a host."""
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        if name in container:
            asked = container[name]["httpGet"]
            if asked.get("scheme", "HTTP") != "HTTP" or set(asked) - {"path", "port", "host", "scheme"} or isinstance(asked["port"], str):
                raise Unknown(f"{container['name']}: {name}")
            yield {"host": address} | asked | {"timeout": container[name].get("timeoutSeconds", 1)}
