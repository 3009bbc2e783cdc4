"""What stands in for an app and for a cluster's DNS: commands that this file runs."""
import http.server
import json
import socket
import struct
import sys
import threading

TTL = 5
NXDOMAIN, A, AAAA = 3, 1, 28
# Where mysqld listens unless it is told otherwise: node.cnf of Percona's image.
BIND_ADDRESS = "0.0.0.0"


def app(says, port, bind_address=BIND_ADDRESS):
    return [sys.executable, "-B", "-m", "check.stand_ins", "app", json.dumps([says, port, bind_address])]


def http_echo(args):
    return [sys.executable, "-B", "-m", "check.stand_ins", "http_echo", json.dumps(args)]


def dns(address, known, zones):
    return [sys.executable, "-B", "-m", "check.stand_ins", "dns", json.dumps([address, known, zones])]


def run_app(says, port, bind_address):
    """Speaks first, and takes `*` for all addresses of both families, as MySQL's server does."""
    if bind_address == "*":
        server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    else:
        server = socket.create_server((bind_address, port), family=family(bind_address))
    while True:
        connection, _ = server.accept()
        connection.sendall(says.encode())
        connection.close()


def run_http_echo(*args):
    """hashicorp/http-echo: says its text to whoever asks, and of `/health` that it is well."""
    given = dict(arg.removeprefix("-").split("=", 1) for arg in args)

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(('{"status":"ok"}' if self.path == "/health" else given["text"]).encode() + b"\n")

    class Server(http.server.ThreadingHTTPServer):
        # Of both families, as in Go.
        address_family = socket.AF_INET6

    host, _, port = given["listen"].rpartition(":")
    Server((host, int(port)), Answer).serve_forever()


def run_dns(address, known, zones):
    """Knows some names, sends some zones elsewhere, and denies the rest (RFC 1035)."""
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, 53))

    def answer(question, client):
        name, kind = asked(question)
        if name in zones:
            with socket.socket(family(zones[name][0]), socket.SOCK_DGRAM) as other:
                other.settimeout(3)
                other.sendto(question, tuple(zones[name]))
                server.sendto(other.recv(4096), client)
            return
        of = known.get(name, "")
        records = [of] if of and kind == (AAAA if ":" in of else A) else []
        code = 0 if name in known else NXDOMAIN
        head = struct.pack(">2sHHHHH", question[:2], 0x8580 | code, 1, len(records), 0, 0)
        body = question[12:end_of_question(question)]
        for record in records:
            data = socket.inet_pton(family(record), record)
            body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, TTL, len(data)) + data
        server.sendto(head + body, client)

    while True:
        threading.Thread(target=answer, args=server.recvfrom(4096), daemon=True).start()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def asked(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
        at += 1 + question[at]
    return ".".join(labels), int.from_bytes(question[at + 1:at + 3], "big")


def end_of_question(question):
    return question.index(0, 12) + 5


if __name__ == "__main__":
    {"app": run_app, "http_echo": run_http_echo, "dns": run_dns}[sys.argv[1]](*json.loads(sys.argv[2]))
