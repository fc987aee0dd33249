# SPDX-License-Identifier: MIT
"""Python's http.client with kept connections, one in a thread for each call in flight."""

import http.client, json, ssl, sys, threading, urllib.parse, uuid

calls, at_once, url, ca_file = int(sys.argv[1]), int(sys.argv[2]), urllib.parse.urlsplit(sys.argv[3]), sys.argv[4]
BODY = json.dumps({"qualification": "Education", "educationSegment": "K12", "website": "example.edu"}, separators=(",", ":"))
HEADERS = {
    "User-Agent": "lua-partnercenter/0.1.0", "Accept-Encoding": "gzip", "Content-Type": "application/json",
    "Authorization": "Bearer " + "x" * 1200, "Accept": "application/json", "MS-Contract-Version": "v1",
    "X-Locale": "en-US", "MS-PartnerCenter-Client": "lua-partnercenter",
}
context = ssl.create_default_context(cafile=ca_file) if url.scheme == "https" else None
numbers = iter(range(1, calls + 1))


def work():
    if context:
        connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    for number in numbers:
        headers = dict(HEADERS, **{"MS-RequestId": str(uuid.uuid4()), "MS-CorrelationId": str(uuid.uuid4())})
        path = f"{url.path}/v1/customers/00000000-0000-4000-8000-{number:012x}/qualifications"
        connection.request("POST", path, BODY, headers)
        answer = connection.getresponse()
        assert answer.status == 201
        assert json.loads(answer.read())["vettingStatus"] == "InReview"
        done.append(number)


done = []
threads = [threading.Thread(target=work) for _ in range(at_once)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(done) == calls
