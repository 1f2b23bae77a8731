#!/usr/bin/env python3
"""Records a vhost-user conversation: stands between a front-end and a back-end and passes messages and descriptors on.

usage: record.py LISTEN_SOCKET BACKEND_SOCKET OUTPUT [HIDDEN_PROTOCOL_FEATURE...]

Appends one line per message: '>' from front-end to back-end or '<' back, how many descriptors came with it, header and
payload in hex. Protocol features named by number are hidden from the front-end, to see what it says without them; the
record has the answer as the front-end got it.
"""
import array
import os
import select
import socket
import struct
import sys

HEADER = struct.Struct("<III")
GET_PROTOCOL_FEATURES = 15


def receive(sock, size):
    """At most size bytes and the descriptors that came with them; (b'', []) at the end."""
    try:
        data, ancillary, _, _ = sock.recvmsg(size, socket.CMSG_SPACE(64 * 4))
    except ConnectionResetError:
        return b"", []
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % 4])
    return data, list(fds)


class Direction:
    """One direction of the conversation: gathers a whole message, records it, passes it on."""

    def __init__(self, mark, source, target, output, hidden=0):
        self.mark, self.source, self.target, self.output, self.hidden = mark, source, target, output, hidden
        self.message, self.fds = b"", []

    def pump(self):
        """Reads what this message still lacks, never into the next one: its descriptors would be taken for ours."""
        size = HEADER.size
        if len(self.message) >= size:
            size += HEADER.unpack_from(self.message)[2]
        data, fds = receive(self.source, size - len(self.message))
        self.message += data
        self.fds += fds
        if len(self.message) >= HEADER.size:
            request, _, payload = HEADER.unpack_from(self.message)
            if len(self.message) == HEADER.size + payload:
                self.forward(request)
        return bool(data)

    def forward(self, request):
        message, fds, self.message, self.fds = self.message, self.fds, b"", []
        if self.hidden and request == GET_PROTOCOL_FEATURES:
            (offered,) = struct.unpack_from("<Q", message, HEADER.size)
            message = message[: HEADER.size] + struct.pack("<Q", offered & ~self.hidden)
        print(self.mark, f"fds={len(fds)}", message.hex(), file=self.output, flush=True)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sent = self.target.sendmsg([message], rights)
        self.target.sendall(message[sent:])
        for fd in fds:
            os.close(fd)


def main():
    listen, backend_path, output_path, *hidden = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(listen)
    listener.listen(1)
    frontend, _ = listener.accept()
    backend = socket.socket(socket.AF_UNIX)
    backend.connect(backend_path)
    with open(output_path, "a", encoding="ascii") as output:
        mask = sum(1 << int(bit) for bit in hidden)
        directions = {
            frontend: Direction(">", frontend, backend, output),
            backend: Direction("<", backend, frontend, output, mask),
        }
        while all(directions[ready].pump() for ready in select.select(list(directions), [], [])[0]):
            pass
    os.unlink(listen)


main()
