"""A network between pods that are network namespaces, in the namespace that this process has to itself."""
import ipaddress
import os
import subprocess
import sys
import time

from check import names, policies

# From the start of a pod to its first answer; a debug build on a busy machine is slow.
PATIENCE = 30
# Every pod's way out, and the same for all: addresses of pods need not be of one network.
ROUTER = "169.254.1.1"
# Before an address of IPv4 it makes one of IPv6.
IPV6 = "fd00::"
# A server that speaks FIRST, as MySQL's does, is listened to; another is asked for its PAGE. To what is not to be reached
# at all a connection is made: whoever ACCEPTS may wait to be spoken to.
FIRST, PAGE, ACCEPTS = "first", "page", "accepts"
ASK = """
import http.client, socket, sys
host, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
try:
    with socket.create_connection((host, port), 5) as s:
        s.settimeout(5)
        peer = s.getpeername()[0]
        if how == "accepts":
            said = "somebody"
        elif how == "first":
            said = s.recv(64).decode()
        else:
            s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            page = http.client.HTTPResponse(s)
            page.begin()
            said = page.read().decode().strip()
        print(said or "nobody: closed", peer, sep="\\n")
except (OSError, http.client.HTTPException) as error:
    print("nobody: %s\\n" % error)
"""


def must(*command, text=None):
    subprocess.run(command, check=True, input=text, text=True)


class Ground:
    """With IPv6 kubelet knows each pod by an address of that; a path is one of IPv4 all the same, unless pods have no
    address of IPv4. Addresses are said as those of IPv4 that they are made of."""

    def __init__(self, home, ipv6=False, alone=False):
        # What follows is for namespaces that end with this process, and must never be done to the machine's.
        if os.getpid() != 1:
            raise RuntimeError("not the first process of its own namespaces")
        self.home, self.running, self.pods, self.members = home, [], {}, []
        self.ipv6, self.alone = ipv6 or alone, alone
        home.chmod(0o755)
        must("mount", "-t", "tmpfs", "tmpfs", "/run")
        must("ip", "link", "set", "lo", "up")
        for address in ("10.96.0.10", "10.96.0.11"):
            must("ip", "address", "add", f"{address}/32", "dev", "lo")
            if alone:
                must("ip", "address", "add", f"{self.at(address)}/128", "dev", "lo", "nodad")
        must("sysctl", "-qw", "net.ipv4.ip_forward=1", *(["net.ipv6.conf.all.forwarding=1"] if alone else []))

    def known_by(self, address):
        """What is a pod's address in its status, by its one of IPv4."""
        return str(ipaddress.ip_address(f"{IPV6}{address}")) if self.ipv6 else address

    def at(self, address):
        """Where a path finds what has this address."""
        return self.known_by(address) if self.alone else address

    def pod(self, name, address, member, name_servers, searches, options, ipv4=None):
        """A pod with an address, a route to everywhere, and this DNS; `member` is its cluster and workload."""
        cluster, w = member
        self.members.append(policies.Member(cluster, w.namespace, w.labels, self.at(address)))
        number = len(self.pods)
        here, there = f"pod{number}", f"there{number}"
        must("ip", "netns", "add", name)
        must("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        must("ip", "link", "set", here, "up")
        for line in ("link set lo up", f"link set {there} name eth0", "link set eth0 up"):
            must("ip", "-n", name, *line.split())
        if not self.alone if ipv4 is None else ipv4:
            self.addressed(name, here, address, ROUTER, 32)
        if self.ipv6:
            self.addressed(name, here, self.known_by(address), f"{IPV6}{ROUTER}", 128)
        conf = self.home / f"{name}.resolv.conf"
        lines = [f"nameserver {s if s == names.HERE else self.at(s)}" for s in name_servers] + [f"{'search' if searches else '#'} {' '.join(searches)}"]
        conf.write_text("\n".join([*lines, *(f"options {name}:{value}" for name, value in options.items()), ""]))
        self.pods[name] = conf

    def addressed(self, name, here, address, router, bits):
        """An address for a pod, and its way out and back."""
        must("ip", "address", "add", f"{router}/{bits}", "dev", here, *(["nodad"] if ":" in router else []))
        must("ip", "route", "add", f"{address}/{bits}", "dev", here)
        for line in (
            f"address add {address}/{bits} dev eth0 {'nodad' if ':' in address else ''}",
            f"route add {router} dev eth0", f"route add default via {router} dev eth0 src {address}",
        ):
            must("ip", "-n", name, *line.split())

    def run(self, pod, command, uid=None, name=None):
        """Starts a program in a pod, whose name the host has, as in Kubernetes."""
        user = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"] if uid else []
        inside = 'mount --bind "$0" /etc/resolv.conf; hostname "$1"; shift; exec "$@"'
        with open(self.home / f"{pod}.{name}.log", "a") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", pod, "unshare", "--mount", "--uts", "sh", "-c", inside, self.pods[pod], pod, *user, *command],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running.append((pod, name, process))
        return process

    def inside(self, pod, command, text):
        """Has a program of this machine run in a pod to its end, with this to read, in as long as a pod may take."""
        mounted = ["ip", "netns", "exec", pod, "unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf; exec "$@"', self.pods[pod]]
        subprocess.run([*mounted, *command], check=True, input=text, text=True, timeout=PATIENCE)

    def here(self, command):
        """Starts a program outside of all pods."""
        subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def walls(self, *dns):
        """From here on the NetworkPolicies hold. `dns` is each cluster with its server's address."""
        members = [*self.members, *(policies.Member(cluster, "kube-system", {}, self.at(address)) for cluster, address in dns)]
        must("nft", "-f", "-", text=policies.table(members))

    def lead(self, services, address):
        """What is for a Service goes to the pod at its target's port, before any policy is asked."""
        family, to = ("ip6", f"[{self.at(address)}]") if self.alone else ("ip", address)
        rules = "".join(f"{family} daddr {self.at(a)} tcp dport {p['port']} dnat to {to}:{p['targetPort']}\n" for a, p in services)
        must("nft", "-f", "-", text=f"table {family} services {{\nchain prerouting {{\ntype nat hook prerouting priority -100;\n{rules}}}\n}}\n")

    def ask(self, pod, host, port, uid, until=None, how=FIRST):
        """Who says what, and at which address, seen from a pod that dials a name or an address; again, where it is to be somebody yet to come."""
        end = time.monotonic() + PATIENCE
        while True:
            process = subprocess.run(
                ["ip", "netns", "exec", pod, "unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf; exec "$@"',
                 self.pods[pod], "setpriv", "--reuid", str(uid), "--clear-groups", "--regid", str(uid), sys.executable, "-c", ASK, host, str(port), how],
                capture_output=True, text=True)
            said, _, address = (process.stdout or f"nobody: {process.stderr}").partition("\n")
            if until is None or not said.startswith("nobody") or time.monotonic() > end:
                return said + ("" if until in (None, said) else self.logs()), address.strip()
            time.sleep(0.2)

    def leaked(self):
        """Whether a packet for a virtual IP has left its pod."""
        chain = subprocess.run(["nft", "list", "chain", "ip", "virtual", "leaks"], check=True, capture_output=True, text=True).stdout
        return "counter packets 0 bytes 0" not in chain

    def logs(self):
        return "".join(f"\n{f.name}: {f.read_text()[-1500:]}" for f in sorted(self.home.glob("*.log")) if "shim" in f.name or "gateway" in f.name)

    def end(self, pod, name):
        """Kills one container, as if it had crashed."""
        for where, what, process in self.running:
            if (where, what) == (pod, name) and process.poll() is None:
                os.kill(process.pid, 9)
                process.wait()
