-- SPDX-License-Identifier: MIT
--- Debian's lua-curl, one call after the other with a kept handle.

local curl = require "curl"
local request = require "tests.bench.peers.request"

local easy = curl.easy_init()
local answer
local lines = {}
for i, header in ipairs(request.headers) do
  lines[i + 2] = ("%s: %s"):format(header[1], header[2])
end

easy:setopt(curl.OPT_CAINFO, request.ca_file)
easy:setopt(curl.OPT_FAILONERROR, 1) -- it has no way to ask for the status
easy:setopt(curl.OPT_POSTFIELDS, request.body)
easy:setopt(curl.OPT_WRITEFUNCTION, function(bytes, length)
  answer[#answer + 1] = bytes
  return length
end)

for number = 1, request.calls do
  answer = {}
  for i, header in ipairs(request.ids()) do
    lines[i] = ("%s: %s"):format(header[1], header[2])
  end
  easy:setopt(curl.OPT_URL, ("%s://%s:%s%s"):format(request.scheme, request.host, request.port, request.path_of(number)))
  easy:setopt(curl.OPT_HTTPHEADER, lines)
  assert(easy:perform())
  request.check(201, table.concat(answer))
end
