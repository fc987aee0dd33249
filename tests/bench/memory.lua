-- SPDX-License-Identifier: MIT
--- memory.lua: see tests/bench/memory, which runs it.

local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"
local socket = require "socket"

local ITEMS = tonumber(os.getenv "ITEMS" or 1000000)
local FIRST = 10000 -- after so many items the memory should have its size
local SHARE = 0.1

local SERVICE = [[
  keepalive_requests 1000000000;
  access_log off;
  server {
    listen 127.0.0.1:PORT;
    default_type application/json;
    location / { return 201 '{"qualification":"Education","vettingStatus":"InReview"}'; }
  }
]]

--- Resident memory, in KiB.
local function resident()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmRSS:%s+(%d+) kB"
    if kib then
      return tonumber(kib)
    end
  end
end

local nginx = servers.nginx(SERVICE)
local client = assert(partnercenter.new {
  base_url = "http://127.0.0.1:" .. nginx.port, access_token = ("x"):rep(1200),
})

local begun, first = socket.gettime(), nil
local last, last_done = begun, 0

print(("%9s %14s %16s"):format("items", "resident KiB", "us for an item"))

local function show(done)
  local now, size = socket.gettime(), resident()
  print(("%9d %14d %16.1f"):format(done, size, (now - last) / (done - last_done) * 1e6))
  last, last_done = now, done
  return size
end

local n = 0
local summary = assert(client:update_qualifications(function()
  n = n + 1
  return n <= ITEMS and {
    customer_id = ("00000000-0000-4000-8000-%012x"):format(n), qualification = "Education", education_segment = "K12",
    website = "example.edu",
  } or nil
end, {
  on_progress = function(progress)
    if progress.done == FIRST then
      first = show(progress.done)
    elseif progress.done % (ITEMS / 10) == 0 then
      show(progress.done)
    end
  end,
}))

local size = resident()
print(("%d items in %.1f s, %d failed; resident memory %d KiB after %d, %d KiB at the end: %+.1f%%"):format(summary.total,
  summary.elapsed, summary.failed, first, FIRST, size, (size / first - 1) * 100))
client:close()
nginx.stop()
if summary.succeeded ~= ITEMS or size > first * (1 + SHARE) then
  os.exit(1)
end
