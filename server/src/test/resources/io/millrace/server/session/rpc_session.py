#!/usr/bin/env python3
"""Makes the calls of session.txt through SPDK's own rpc.py and writes down what came back.

rpc_session.py --rpc SPDK/scripts/rpc.py --socket SOCKET --dir DIR --out ANSWERS [-- SERVER ...]

rpc.py talks to a socket of ours, which hands everything on to SOCKET and sees it pass: so the answers are
the server's, whatever rpc.py makes of them, and its exit status is written down beside them. After "--"
stands the command that starts the server, which is killed afterwards.
"""

import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

DEADLINE_SECONDS = 30
LONG = 200  # characters; what is longer is told of, not kept


class Wire:
    """The socket that rpc.py connects to: one connection after the other, the last exchange kept."""

    def __init__(self, path, server):
        self.path = str(path)
        self.server = server
        self.request = None
        self.reply = None
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        pathlib.Path(self.path).unlink(missing_ok=True)  # of the session before
        self.listening.bind(self.path)
        self.listening.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        """Each request is answered before the next comes: rpc.py waits."""
        with client:
            while True:
                request = receive(client)
                if request is None:
                    return
                self.request = request
                self.reply = exchange(self.server, request)
                client.sendall(self.reply.encode())


def receive(connection):
    """One JSON value as its text; None when the other side has gone."""
    text = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return None
        text += piece
        try:
            json.loads(text)
            return text.decode()
        except ValueError:
            continue


def exchange(server, request):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(server)
        connection.sendall(request.encode())
        reply = receive(connection)
    if reply is None:
        raise EOFError(f"{server} closed the connection on {request}")
    return reply


class Session:
    def __init__(self, options):
        self.options = options
        self.wire = Wire(pathlib.Path(options.dir) / "wire.sock", options.socket)
        self.rpc = subprocess.Popen(
            [sys.executable, options.rpc, "--server"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def run(self, lines):
        return [self.step(line) for line in lines]

    def step(self, line):
        word, _, rest = line.partition(" ")
        if word == "json":
            return self.described(line, None, *self.direct(rest))
        if word != "await":
            return self.described(line, *self.by_rpc_py(line))
        deadline = time.monotonic() + DEADLINE_SECONDS
        answer = self.by_rpc_py(rest)
        while answer[0] != 0 and time.monotonic() < deadline:
            answer = self.by_rpc_py(rest)
        return self.described(line, *answer)

    def by_rpc_py(self, line):
        self.wire.request = self.wire.reply = None
        line = line.replace("DIR", self.options.dir)
        self.rpc.stdin.write(f"-s {self.wire.path} {line}\n")
        self.rpc.stdin.flush()
        for said in self.rpc.stdout:
            if said.startswith("**STATUS="):
                return int(said[9:]), self.wire.request, self.wire.reply
        raise EOFError(f"rpc.py ended at: {line}")

    def direct(self, line):
        method, _, params = line.partition(" ")
        params = ', "params": ' + params.replace("DIR", self.options.dir) if params else ""
        request = f'{{"jsonrpc": "2.0", "method": "{method}", "id": 1{params}}}'
        return request, exchange(self.options.socket, request)

    def described(self, line, status, request, reply):
        """status is rpc.py's exit code; request and reply are None where it refused the line itself."""
        step = {"line": line}
        if status is not None:
            step["status"] = status
        if request is not None and reply is None:
            raise EOFError(f"no answer to: {line}")
        if request is not None:
            called = json.loads(request)
            step["method"] = called["method"]
            step["params"] = self.portable(params_text(request, called))
            answer = json.loads(reply)
            step.update(
                {"error": {name: answer["error"][name] for name in ("code", "message")}} if "error" in answer
                else {"result": self.short(answer["result"])})
        return step

    def portable(self, text):
        return text.replace(self.options.dir, "DIR")

    def short(self, value):
        if isinstance(value, dict):
            return {name: self.short(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.short(element) for element in value]
        if isinstance(value, str):
            return self.portable(value) if len(value) <= LONG else f"{len(value)} characters"
        return value


def params_text(request, called):
    """As it was sent, a name twice included; empty when there are none."""
    if "params" not in called:
        return ""
    if request.count('"params": ') == 1 and request.endswith("}}"):
        return request.partition('"params": ')[2][:-1]
    return json.dumps(called["params"])


def wait_for(path, server):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.connect(path)
                return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{server.args[0]} does not listen at {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--rpc", "--socket", "--dir", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("server", nargs="*")
    options = parser.parse_args()
    text = pathlib.Path(__file__).with_name("session.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    (pathlib.Path(options.dir) / "disk.img").write_bytes(bytes(1 << 20))
    server = subprocess.Popen(options.server, stdout=sys.stderr) if options.server else None
    try:
        if server:
            wait_for(options.socket, server)
        steps = Session(options).run(lines)
    finally:
        if server:
            server.kill()  # SPDK's vhost may not end once a disk has had QoS
            server.wait(DEADLINE_SECONDS)
    with open(options.out, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(step) for step in steps) + "\n]\n")


if __name__ == "__main__":
    main()
