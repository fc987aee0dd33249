# SPDX-License-Identifier: MIT
"""The HTTP/2 side of the hostile server, its frames written by hand."""

import ssl
import struct
import time

import hpack

from common import GOOD, OTHERS, bomb, heads, lock, scenario_of

DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED = 1, 2, 7, 8, 11, 13
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.set_alpn_protocols(["h2"])


def load(certificate, key):
    context.load_cert_chain(certificate, key)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header without the table: lengths below 127 take a byte each."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def head(stream, *more, status=b"200", flags=END_HEADERS):
    return frame(HEADERS, flags, stream, literal(b":status", status) + b"".join(literal(*pair) for pair in more))


def good(stream):
    return head(stream) + frame(DATA, END_STREAM, stream, GOOD)


def reset(stream, code):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last, code, text=b""):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + text)


def flood(part, count, last):
    for _ in range(count // 500):
        yield part * 500
    yield last


def continuations(stream, block):
    yield frame(HEADERS, 0, stream, literal(b":status", b"200"))
    yield from flood(frame(CONTINUATION, 0, stream, block), 20000, b"")


def packed(stream):
    yield head(stream, (b"content-encoding", b"gzip"))
    for part in bomb():
        for i in range(0, len(part), 16000):
            yield frame(DATA, 0, stream, part[i:i + 16000])


def endless(stream):
    yield head(stream)
    while True:
        yield frame(DATA, 0, stream, b" " * 16000)


def slow_pings():
    while True:
        time.sleep(0.01)
        yield frame(PING, 0, 0, bytes(8))


# Each gives what is sent to the request of a stream.
SCENARIOS = {
    "refused": lambda s: [reset(s, REFUSED_STREAM)],
    "internal error": lambda s: [reset(s, INTERNAL_ERROR)],
    "calm": lambda s: [reset(s, ENHANCE_YOUR_CALM)],
    "http/1.1 only": lambda s: [reset(s, HTTP_1_1_REQUIRED)],
    "closed inside": lambda s: [head(s), frame(DATA, 0, s, GOOD[:10]), None],
    "reset inside": lambda s: [head(s), frame(DATA, 0, s, GOOD[:10]), reset(s, CANCEL)],
    "resets": lambda s: flood(reset(s, CANCEL), 100000, b""),
    "goaway": lambda s: [goaway(0, 0)],
    "goaway calm": lambda s: [goaway(0, ENHANCE_YOUR_CALM, b"a" * 10000)],
    "goaways": lambda s: flood(goaway(s, 0), 100000, good(s)),
    "ping flood": lambda s: flood(frame(PING, 0, 0, bytes(8)), 100000, good(s)),
    "settings flood": lambda s: flood(frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)), 100000, good(s)),
    "windows": lambda s: flood(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)), 100000, good(s)),
    "window overflow": lambda s: [frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF)) * 3, good(s)],
    "empty data": lambda s: flood(frame(DATA, 0, s), 100000, frame(DATA, END_STREAM, s, GOOD)),
    "empty frames": lambda s: [head(s), *[frame(DATA, 0, s)] * 20000, frame(DATA, END_STREAM, s, GOOD)],
    "continuations": lambda s: continuations(s, literal(b"x-a", b"b" * 100) * 100),
    "empty continuing": lambda s: continuations(s, b""),
    "many headers": lambda s: [frame(HEADERS, 0, s, literal(b":status", b"200")),
                               *[frame(CONTINUATION, 0, s, literal(b"x-a", b"b" * 100) * 100)] * 10,
                               frame(CONTINUATION, END_HEADERS, s), frame(DATA, END_STREAM, s, GOOD)],
    "hpack bomb": lambda s: [frame(HEADERS, END_HEADERS, s, literal(b":status", b"200") + b"\x40\x03x-a\x7f\x81\x1e"
                                   + b"a" * 4000 + b"\xbe" * 10000), frame(DATA, END_STREAM, s, GOOD)],
    "bad hpack": lambda s: [frame(HEADERS, END_HEADERS, s, b"\xff\xff\xff\xff\xff\xff\xff")],
    "push": lambda s: [frame(PUSH_PROMISE, END_HEADERS, s, struct.pack(">I", 2) + literal(b":method", b"GET")), good(s)],
    "other stream": lambda s: [head(s + 2) + frame(DATA, END_STREAM, s + 2, OTHERS), good(s)],
    "earlier stream": lambda s: [good(s), frame(DATA, END_STREAM, s, OTHERS)],
    "huge frame": lambda s: [head(s) + frame(DATA, 0, s, GOOD[:10]), frame(DATA, 0, s, b" " * 1000000)],
    "unknown frames": lambda s: flood(frame(200, 255, 0, b"a" * 100), 1000, good(s)),
    "zero streams": lambda s: [frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 0)), good(s)],
    "bad settings": lambda s: [frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0xFFFFFFFF)), good(s)],
    "no status": lambda s: [frame(HEADERS, END_HEADERS, s, literal(b"x-a", b"b")), frame(DATA, END_STREAM, s, GOOD)],
    "cookies": lambda s: [head(s, (b"set-cookie", b"tracked=1; path=/")), frame(DATA, END_STREAM, s, GOOD)],
    "http/1.1": lambda s: [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"],
    "noise": lambda s: [bytes(range(256)) * 100],
    "gzip bomb": packed,
    "endless": endless,
    "silence": lambda s: slow_pings(),
    "headers again": lambda s: flood(head(s), 10000, good(s)),
    "interim flood": lambda s: flood(head(s, status=b"103"), 100000, good(s)),
    "trailers": lambda s: [head(s), frame(DATA, 0, s, GOOD),
                           frame(HEADERS, END_HEADERS | END_STREAM, s, literal(b"x-a", b"b" * 100) * 100)],
}


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def handle(plain):
    connection = context.wrap_socket(plain, server_side=True)
    read_exactly(connection, len(PREFACE))
    connection.sendall(frame(SETTINGS, 0, 0))
    decoder = hpack.Decoder()
    while True:
        start = read_exactly(connection, 9)
        kind, flags, stream = struct.unpack(">BBI", start[3:])
        payload = read_exactly(connection, int.from_bytes(start[:3], "big"))
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0))
        if kind == HEADERS:
            if flags & 0x20:  # a priority in front
                payload = payload[5:]
            fields = decoder.decode(payload)
            path = dict(fields)[":path"]
            name = scenario_of(path)
            with lock:
                lines = "\n".join(f"{key}: {value}" for key, value in fields)
                heads.append(f"{connection.getpeername()[1]}\n{path}\n{lines}\f")
            for part in SCENARIOS[name](stream) if name in SCENARIOS else [good(stream)]:
                if part is None:
                    return  # and the connection is closed
                connection.sendall(part)
