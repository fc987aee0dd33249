-- SPDX-License-Identifier: MIT
--- lua-http with kept connections: one for each call in flight, or one for all over HTTP/2.

local cqueues = require "cqueues"
local client = require "http.client"
local http_tls = require "http.tls"
local new_headers = require "http.headers".new
local openssl_store = require "openssl.x509.store"
local request = require "tests.bench.peers.request"

local function tls_context()
  local context = http_tls.new_client_context()
  context:setStore(openssl_store.new():add(request.ca_file))
  return context
end

local context = request.scheme == "https" and tls_context() or nil

local function connect()
  return assert(client.connect {
    host = request.host, port = tonumber(request.port), tls = context ~= nil, ctx = context,
  })
end

local number = 0

local function call(connection)
  number = number + 1
  local headers = new_headers()
  headers:append(":method", "POST")
  headers:append(":scheme", request.scheme)
  headers:append(":authority", request.host .. ":" .. request.port)
  headers:append(":path", request.path_of(number))
  for _, list in ipairs { request.headers, request.ids() } do
    for _, header in ipairs(list) do
      headers:append(header[1], header[2])
    end
  end
  headers:append("content-length", tostring(#request.body))
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(headers, false))
  assert(stream:write_chunk(request.body, true))
  local answer = assert(stream:get_headers())
  request.check(answer:get ":status", assert(stream:get_body_as_string()))
  stream:shutdown()
end

local queue = cqueues.new()
local shared
for _ = 1, math.min(request.at_once, request.calls) do
  local connection = shared or connect()
  shared = connection.version == 2 and connection or nil
  queue:wrap(function()
    while number < request.calls do
      call(connection)
    end
  end)
end
assert(queue:loop())
