-- SPDX-License-Identifier: MIT
--- Makes calls to a host whose name is never resolved, and prints for each a line with its name, the seconds it took and
--- what came of it. The last line has the time at which nothing was left to do but to exit.

local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local function options(more)
  more.base_url, more.access_token, more.proxy = "https://api.partnercenter.example", "token", ""
  return more
end

local function measure(name, action)
  local begun = socket.gettime()
  local outcome = action()
  print(("%s %.3f %s"):format(name, socket.gettime() - begun, outcome))
end

--- Begins a call that will find no address, so that a resolver works at it.
local function begin_hanging()
  local client = assert(core.client(options { timeout = 600, deadline = 600, connect_timeout = 600 }))
  local call = assert(client:prepare("get_qualifications", CUSTOMER))
  client:submit(call)
  for _ = 1, 5 do
    client:drive(call, 0.01)
  end
  assert(client:state(call) == "active")
  return client, call
end

for name, bound in pairs {
  deadline = { deadline = 0.5 },
  timeout = { timeout = 0.5, max_retries = 0 },
  connect_timeout = { connect_timeout = 0.5, max_retries = 0 },
} do
  local client = assert(partnercenter.new(options(bound)))
  for i = 1, 2 do
    measure(name .. i, function()
      local result, err, meta = client:get_qualifications(CUSTOMER)
      return result and "success" or ("%s %d"):format(err.category, meta.attempts)
    end)
  end
  measure(name .. "_close", function() return client:close() or "closed" end)
end

local hanging, call = begin_hanging()
local server = servers.raw()
local other = assert(partnercenter.new { base_url = server.url "ok", access_token = "token" })
measure("other", function()
  for _ = 1, 3 do
    assert(other:update_qualification(CUSTOMER, "Education"))
    hanging:drive(call, 0)
  end
  assert(hanging:state(call) == "active")
  return "success"
end)
other:close()
server.stop()

measure("cancel", function()
  hanging:cancel(call)
  return select(2, hanging:result(call)).category
end)
hanging:close()

hanging = begin_hanging()
measure("close", function() return hanging:close() or "closed" end)

begin_hanging() -- and leaves it to the end of the process
print(("exit %.3f"):format(socket.gettime()))
