"""A connection that sends exactly the bytes it is given and takes answers apart without a library's kindness."""

import json
import socket

from support import pace

TIMEOUT_SECONDS = pace.seconds(20)


class Answer:
    """The head and body of one answer."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = lines[0].split(" ", 2)
        self.status = int(status)
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body = body

    def __getitem__(self, name):
        """The one value of a header; None when absent."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["Response"].get("Error", {}).get("Code")


class Raw:
    def __init__(self, server, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", server.tls_port if tls else server.port), TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.pending = b""

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.pending += data

    def until(self, mark):
        """The bytes before `mark`, which is taken off too."""
        while mark not in self.pending:
            self._more()
        before, _, self.pending = self.pending.partition(mark)
        return before

    def answer(self, head_only=False):
        answer = Answer(self.until(b"\r\n\r\n"), b"")
        assert answer["Transfer-Encoding"] is None
        size = 0 if head_only or answer.status == 100 else int(answer["Content-Length"])
        while len(self.pending) < size:
            self._more()
        answer.body, self.pending = self.pending[:size], self.pending[size:]
        return answer

    def closed(self):
        """Does the server end the connection, with nothing more to say?"""
        try:
            return self.pending == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def head(request, address, target=None, version="HTTP/1.1", drop=(), extra=()):
    """(head, body) of a support.api.Request as bytes, changed as asked."""
    method, own_target, headers, body = request.sign(address)
    lines = [f"{method} {target or own_target} {version}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in drop]
    lines += [f"{name}: {value}" for name, value in extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n", body


def message(request, address, **changes):
    return b"".join(head(request, address, **changes))
