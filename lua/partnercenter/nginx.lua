-- SPDX-License-Identifier: MIT
--- Waiting inside nginx and OpenResty, without blocking the worker: the engine has a thread of its own,
--- which wakes the coroutine of a request by a byte on a socket that nginx watches.

local core = require "partnercenter.core"

local ngx = _G.ngx

local M = {}

--- Beyond a call's deadline the engine has this long to tell of its end, in seconds.
local GRACE = 10

--- How many sockets a worker keeps for later calls, and for how many seconds.
local KEPT, KEPT_FOR = 128, 60

--- Whether this is nginx.
function M.is_here()
  return type(ngx) == "table" and ngx.get_phase ~= nil
end

--- Runs a function beside the one that runs.
---@return any thread
function M.spawn(...)
  return ngx.thread.spawn(...)
end

--- Lets others go on for a moment.
function M.sleep()
  ngx.sleep(0.01)
end

--- Lets go of what was spawned here and has ended.
function M.reap(thread)
  ngx.thread.wait(thread)
end

local function unavailable(message)
  return core.error { category = "unavailable", message = message }
end

--- Why no call can be waited for here; nil when one can. In most phases nginx can suspend the code
--- that runs; in the others the way out is a timer.
---@return partnercenter.Error? err
function M.problem()
  if core.is_yieldable() then
    return nil
  end
  return unavailable(("a call cannot wait for its answer in the phase %s of nginx, nor inside a function such as "
    .. "table.sort or string.gsub: make it from a timer, with ngx.timer.at(0, ...)"):format(ngx.get_phase()))
end

--- A socket by which the engine wakes this coroutine: one of nginx's pool, or a new one.
---@return table? socket
---@return string? problem
---@return boolean? is_done the call is done already
local function attach(handle, call)
  local address, problem = core.wakeup_address()
  if not address then
    return nil, "no private socket: " .. problem
  end
  local socket = ngx.socket.tcp()
  local connected, sent, attached = socket:connect("unix:" .. address)
  if not connected then
    return nil, sent
  end
  local ticket = socket:getreusedtimes() > 0 and core.wakeup_ticket() or nil
  if ticket then
    sent, problem = socket:send(ticket)
  end
  if not ticket or sent then
    attached = handle:attach(call, ticket)
  end
  if attached then
    return socket
  end
  socket:close()
  return nil, problem or "the connected socket does not arrive", attached == false
end

--- Waits until there is something to do.
---@return string? byte
---@return string? problem
local function receive(socket, handle, call)
  socket:settimeout((math.max(handle:time_left(call), 0) + GRACE) * 1000)
  return socket:receive(1)
end

--- Waits until a call in flight is done.
---@param client partnercenter.Client
---@param call userdata
---@param turn fun() what to do when something else has ended, too
---@return partnercenter.Error? err why it cannot be waited for; the call is cancelled then
function M.wait(client, call, turn)
  local handle = client.core
  local socket, problem, is_done = attach(handle, call)
  local byte
  while socket do
    turn(client)
    if handle:state(call) == "done" then
      if byte then -- else it will still come
        handle:detach(call)
        socket:setkeepalive(KEPT_FOR * 1000, KEPT)
      else
        socket:close()
      end
      return nil
    end
    byte, problem = receive(socket, handle, call)
    if not byte then
      socket:close()
      break
    end
  end
  if not is_done then
    handle:cancel(call)
    return unavailable("the call cannot be waited for: " .. problem)
  end
end

return M
