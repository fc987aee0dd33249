// SPDX-License-Identifier: MIT
// Node's own http, https and http2 modules with kept connections: one for each call in flight, or one for
// all where HTTP/2 is negotiated.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http2 = require('http2');
const tls = require('tls');

const [calls, atOnce] = process.argv.slice(2, 4).map(Number);
const url = new URL(process.argv[4]);
const isTls = url.protocol === 'https:';
const ca = isTls ? fs.readFileSync(process.argv[5]) : undefined;
const http = require(isTls ? 'https' : 'http');
const BODY = JSON.stringify({ qualification: 'Education', educationSegment: 'K12', website: 'example.edu' });
const HEADERS = {
  'User-Agent': 'lua-partnercenter/0.1.0', 'Accept-Encoding': 'gzip', 'Content-Type': 'application/json',
  Authorization: 'Bearer ' + 'x'.repeat(1200), Accept: 'application/json', 'MS-Contract-Version': 'v1', 'X-Locale': 'en-US',
  'MS-PartnerCenter-Client': 'lua-partnercenter', 'Content-Length': BODY.length,
};

// Takes a body to its end, and gives it to `done` as an object.
function collect(stream, done) {
  const parts = [];
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    if (JSON.parse(Buffer.concat(parts)).vettingStatus !== 'InReview') throw new Error('another answer');
    done();
  });
}

function checkStatus(status) {
  if (status !== 201) throw new Error('status ' + status);
}

const withHttp1 = () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce, ca });
  return {
    send(path, headers, done) {
      const request = http.request({ host: url.hostname, port: url.port, method: 'POST', path, headers, agent, timeout: 30000 });
      request.on('response', (answer) => {
        checkStatus(answer.statusCode);
        collect(answer, done);
      });
      request.end(BODY);
    },
    close: () => agent.destroy(),
  };
};

const withHttp2 = () => {
  const session = http2.connect(url.origin, { ca });
  return {
    send(path, headers, done) {
      const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
      stream.on('response', (head) => checkStatus(head[':status']));
      collect(stream, done);
      stream.end(BODY);
    },
    close: () => session.close(),
  };
};

function run(client) {
  let begun = 0;
  let ended = 0;
  function next() {
    if (ended === calls) return client.close();
    if (begun === calls) return undefined;
    const number = (++begun).toString(16).padStart(12, '0');
    const headers = { 'MS-RequestId': crypto.randomUUID(), 'MS-CorrelationId': crypto.randomUUID(), ...HEADERS };
    return client.send(`${url.pathname.replace(/\/$/, '')}/v1/customers/00000000-0000-4000-8000-${number}/qualifications`, headers,
      () => {
        ended++;
        next();
      });
  }
  for (let i = 0; i < atOnce; i++) next();
}

if (isTls) {
  const probe = tls.connect({ host: url.hostname, port: url.port, ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
    const negotiated = probe.alpnProtocol;
    probe.destroy();
    run(negotiated === 'h2' ? withHttp2() : withHttp1());
  });
} else {
  run(withHttp1());
}
