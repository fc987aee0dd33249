# SPDX-License-Identifier: MIT
"""The HTTP/1.1 side of the hostile server."""

import os
import time
import zlib

from common import GOOD, OTHERS, bomb, heads, lock, scenario_of

poisoned = []  # the connections on which an answer for somebody else is to come
MEGABYTE = 1 << 20


def answer(body, head=b"", status=b"200 OK"):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), head, body)


def chunks(parts):
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    for part in parts:
        yield part


def forever(part, first=b""):
    yield first
    while True:
        yield part


def one_by_one(data, first=b""):
    """A byte at a time, for ever."""
    yield first
    while True:
        for byte in data:
            time.sleep(0.005)
            yield bytes([byte])


def numbered_headers(count):
    yield b"HTTP/1.1 200 OK\r\n"
    for i in range(0, count, 1000):
        yield b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(i, i + 1000))
    yield b"Content-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD)


def packed_bomb(encoding, wrap=lambda data: data):
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n" % encoding
    for part in bomb():
        yield wrap(part)


def twice_packed():
    outer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packed_bomb(b"gzip, gzip", lambda data: outer.compress(data) + outer.flush(zlib.Z_SYNC_FLUSH))


def redirect(status, host, head=b""):
    return answer(b"", b"Location: http://%s/v1/stolen\r\n%s" % (host, head), b"%d Elsewhere" % status)


def tarpit():
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        time.sleep(0.005)
        yield b"X-Still: here\r\n"


# Each gives the parts that are sent, one after the other; the connection is closed behind the last.
SCENARIOS = {
    "long header": lambda: [b"HTTP/1.1 200 OK\r\nX-Long: ", b"a" * (4 * MEGABYTE), b"\r\n\r\n"],
    "long status": lambda: [b"HTTP/1.1 200 ", b"a" * (4 * MEGABYTE), b"\r\n\r\n"],
    "long headers": lambda: forever(b"X-Long: " + b"a" * 60000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
    "million headers": lambda: numbered_headers(1000000),
    "folded header": lambda: forever(b" more\r\n" * 1000, b"HTTP/1.1 200 OK\r\nX-Long: a\r\n"),
    "interim flood": lambda: forever(b"HTTP/1.1 100 Continue\r\nX-More: to come\r\n\r\n" * 100),
    "trailer flood": lambda: forever(b"X-Trailer: more\r\n" * 1000,
                                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
    "chunk extension": lambda: forever(b"a" * 100000, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"),
    "empty lines": lambda: forever(b"\r\n" * 1000),
    "endless": lambda: forever(b" " * 100000, b"HTTP/1.1 200 OK\r\n\r\n"),
    "endless chunks": lambda: forever(b"1000\r\n" + b" " * 4096 + b"\r\n",
                                      b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "endless error": lambda: forever(b" " * 100000, b"HTTP/1.1 400 Bad\r\n\r\n"),
    "huge length": lambda: forever(b" " * 100000, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\n"),
    "no length": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n" + GOOD],
    "negative length": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + GOOD],
    "two lengths": lambda: [answer(GOOD, b"Content-Length: 3\r\n")],
    "chunks, length": lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)],
    "bad chunk": lambda: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n" + GOOD],
    "gzip bomb": lambda: packed_bomb(b"gzip"),
    "two gzip bombs": twice_packed,
    "many encodings": lambda: [answer(GOOD, b"Content-Encoding: " + b"gzip, " * 1000 + b"gzip\r\n")],
    "encodings again": lambda: [answer(GOOD, b"Content-Encoding: gzip\r\n" * 1000)],
    "deep json": lambda: [answer(b"[" * MEGABYTE)],
    "deep objects": lambda: [answer(b'{"a":' * 200000)],
    "wide json": lambda: [answer(b"[" + b"{}," * (MEGABYTE // 3 - 10) + b"{}]")],
    "huge numbers": lambda: [answer(b'[{"qualification":1' + b"0" * 10000 + b',"x":1e999999}]')],
    "trickle": lambda: one_by_one(b" ", b"HTTP/1.1 200 OK\r\n\r\n"),
    "trickled head": lambda: one_by_one(b"X-A: b\r\n", b"HTTP/1.1 200 OK\r\n"),
    "trickled interim": lambda: one_by_one(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "silence": lambda: one_by_one(b""),
    "switch": lambda: [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + GOOD],
    "old http": lambda: [GOOD],
    "nul bytes": lambda: [b"HTTP/1.1 200 OK\r\nX-A: \0\0\r\n\0: \r\n\r\n\0\0"],
    "noise": lambda: [os.urandom(100000)],
    "status 000": lambda: [answer(GOOD, status=b"000 Nothing")],
    "status 999": lambda: [answer(GOOD, status=b"999 Much")],
    "negotiate": lambda: [answer(b"", b"".join(b"WWW-Authenticate: %s\r\n" % way for way in
                                               (b"Negotiate", b"NTLM", b'Digest realm="a", nonce="b"', b'Basic realm="a"')),
                                 b"401 Prove yourself")],
    "alternatives": lambda: [answer(GOOD, b'Alt-Svc: h2="127.0.0.1:1"; persist=1\r\n'
                                    b"Strict-Transport-Security: max-age=31536000\r\nRefresh: 0; url=/v1/stolen\r\n")],
    "cookies": lambda: [answer(GOOD, b"Set-Cookie: tracked=1; Path=/\r\nSet-Cookie: more=2; Max-Age=99999\r\n")],
    "two answers": lambda: [answer(GOOD) + answer(OTHERS)],
    "part of another": lambda: [answer(GOOD) + b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{"],
    "another's id": lambda: [answer(GOOD, b"MS-RequestId: 11111111-1111-1111-1111-111111111111\r\n")],
}
KEPT_OPEN = {"alternatives", "cookies", "two answers", "part of another", "another's id", "deep json", "deep objects",
             "wide json", "huge numbers", "status 000", "status 999", "negotiate", "poison"}

for code in (300, 301, 302, 303, 305, 307, 308):
    SCENARIOS[f"redirect {code}"] = lambda code=code: [redirect(code, host)]
    KEPT_OPEN.add(f"redirect {code}")
host = b"localhost"  # where redirects lead to: this server, by the name that the client has used


def read_request(reader):
    lines, length = [], 0
    while True:
        line = reader.readline()
        if not line:
            return None
        if line == b"\r\n":
            break
        lines.append(line.rstrip().decode("latin-1"))
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    reader.read(length)
    return lines


def control(path):
    """What the specs ask for."""
    if path == "/requests":
        with lock:
            return "".join(heads).encode()
    if path == "/poison":  # an answer that nobody has asked for, on the connections that are kept for it
        for connection in poisoned:
            connection.sendall(answer(OTHERS))
        count = b"%d" % len(poisoned)
        poisoned.clear()
        return count
    return b"bye" if path == "/quit" else None


def handle(connection):
    global host
    number = connection.getpeername()[1]
    reader = connection.makefile("rb")
    while True:
        lines = read_request(reader)
        if lines is None:
            return
        path = lines[0].split(" ")[1]
        said = control(path)
        if said is not None:
            connection.sendall(answer(said))
            if path == "/quit":
                os._exit(0)
            continue
        host = next(line for line in lines if line.lower().startswith("host:"))[5:].strip().encode()
        name = scenario_of(path)
        with lock:
            heads.append("%d\n%s\f" % (number, "\n".join(lines)))
        if name == "poison":
            poisoned.append(connection)
        for part in SCENARIOS[name]() if name in SCENARIOS else [answer(GOOD)]:
            connection.sendall(part)
        if name in SCENARIOS and name not in KEPT_OPEN:
            return  # and the connection is closed
