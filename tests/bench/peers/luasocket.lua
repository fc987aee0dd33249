-- SPDX-License-Identifier: MIT
--- LuaSocket and LuaSec, one call after the other, with a new connection for each: they keep none.

local ltn12 = require "ltn12"
local request = require "tests.bench.peers.request"

local send = require(request.scheme == "https" and "ssl.https" or "socket.http").request
local tls = request.scheme == "https" and { verify = "peer", protocol = "any", options = { "all", "no_sslv3" } } or {}

for number = 1, request.calls do
  local headers, answer = { ["content-length"] = #request.body }, {}
  for _, list in ipairs { request.headers, request.ids() } do
    for _, header in ipairs(list) do
      headers[header[1]] = header[2]
    end
  end
  local ok, status = send {
    method = "POST", url = ("%s://%s:%s%s"):format(request.scheme, request.host, request.port, request.path_of(number)),
    headers = headers, source = ltn12.source.string(request.body), sink = ltn12.sink.table(answer),
    verify = tls.verify, protocol = tls.protocol, options = tls.options, cafile = request.ca_file,
  }
  assert(ok, status)
  request.check(status, table.concat(answer))
end
