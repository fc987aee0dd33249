-- SPDX-License-Identifier: MIT
--- Runs a started call with a clock that jumps ahead whenever nothing is on the wire, so that no test
--- waits for a pause.

local core = require "partnercenter.core"
local socket = require "socket"

local M = {}

--- Listens to a client: to be given as its `on_event`. `times` has when each request was sent, from the
--- first on; `ids` their request ids, `customers` whose they were.
function M.listener()
  local listener = { times = {}, ids = {}, customers = {}, on_wire = 0 }
  function listener.on_event(event)
    if event.type == "request" then
      listener.on_wire = listener.on_wire + 1
      listener.begun = listener.begun or event.time
      listener.times[#listener.times + 1] = event.time - listener.begun
      listener.ids[#listener.ids + 1] = event.request_id
      listener.customers[#listener.customers + 1] = event.customer_id
    elseif event.type == "response" then
      listener.on_wire = listener.on_wire - 1
    end
  end
  return listener
end

--- Moves the call on until it has ended, or `until_true` returns true. The clock jumps `step` seconds.
---@param call partnercenter.Call
---@param listener table
---@param step number
---@param until_true? fun(): boolean
---@return any ... what the method returns
function M.run(call, listener, step, until_true)
  local idle = 0
  while not call:done() do
    if until_true and until_true() then
      return
    end
    idle = listener.on_wire == 0 and idle + 1 or 0
    if idle > 8 then -- a call that begins after a pause takes a few turns to get on the wire
      core.advance(step)
      idle = 0
    elseif idle == 0 then
      socket.sleep(0.001)
    end
  end
  return call:result()
end

--- Whether the numbers are those expected, each at most a little later.
function M.near(expected, actual, tolerance)
  for i = 1, math.max(#expected, #actual) do
    local late = (actual[i] or math.huge) - (expected[i] or -math.huge)
    assert(late >= -0.01 and late <= tolerance, ("number %d is %s, and not %s"):format(i, tostring(actual[i]),
      tostring(expected[i])))
  end
  return true
end

return M
