# SPDX-License-Identifier: MIT
"""A server that does what a hostile one could: hostile_server.py PARENT CERTIFICATE KEY.

Prints the port of its plain HTTP/1.1 side and that of its HTTP/2 side, then serves until its parent is
gone or it is asked for /quit. What it does to a request the customer's id in its path says: the bytes
of the id are the name of a scenario in http1.py or http2.py, and any other id is answered well.
"""

import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "hostile"))
import http1  # noqa: E402
import http2  # noqa: E402


def parent_lives(parent):
    try:
        with open(f"/proc/{parent}/stat") as stat:
            return stat.read().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def serve(listener, handle):
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=run, args=(handle, connection), daemon=True).start()


def run(handle, connection):
    with connection:
        try:
            handle(connection)
        except OSError:
            pass  # the client has had enough


def main(parent, certificate, key):
    http2.load(certificate, key)
    for handle in (http1.handle, http2.handle):
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        print(listener.getsockname()[1])
        threading.Thread(target=serve, args=(listener, handle), daemon=True).start()
    print(flush=True)  # the starter reads up to here
    while parent_lives(parent):
        time.sleep(1)


main(*sys.argv[1:])
