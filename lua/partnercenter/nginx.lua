-- SPDX-License-Identifier: MIT
--- Waiting inside nginx and OpenResty, without blocking the worker: the engine has a thread of its own,
--- which wakes the coroutine of a request by a byte on a socket that nginx watches.

local core = require "partnercenter.core"

local ngx = _G.ngx

local M = {}

--- Beyond a call's deadline the engine has this long to tell of its end, in seconds.
local GRACE = 10

--- The longest that a coroutine waits for a call whose deadline has not begun, in seconds.
local LONGEST_PAUSE = 3600

--- How many sockets a worker keeps for later calls, and for how many seconds.
local KEPT, KEPT_FOR = 128, 60

--- How often a coroutine looks at its call that has no socket, in seconds: nginx has no connection or
--- the process no descriptor left, or another coroutine waits for the same call.
local WITHOUT_SOCKET = 0.05

--- The phases in which nginx can suspend the code that runs, and Lua may use sockets.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, precontent = true, content = true, timer = true,
  preread = true, ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

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

--- Why no call can be made here; nil when one can. Where code cannot be suspended, the way out is a timer.
---@param client partnercenter.Client
---@return partnercenter.Error? err
function M.problem(client)
  local phase = ngx.get_phase()
  if not PHASES[phase] or not core.is_yieldable() then
    return unavailable(("a call cannot wait for its answer in the phase %s of nginx, nor inside a function such as "
      .. "table.sort or string.gsub: make it from a timer, with ngx.timer.at(0, ...)"):format(phase))
  elseif client.core:is_open() then
    local has_thread, problem = client.core:start_thread()
    return not has_thread and unavailable(problem) or nil
  end
end

local function close(socket)
  socket:close()
end

--- A socket by which the engine wakes this coroutine, one of nginx's pool or a new one; nil where there
--- can be none.
local function attach(handle, call)
  local address = handle:state(call) ~= "done" and core.wakeup_address()
  local socket = address and ngx.socket.tcp()
  if not socket or not socket:connect("unix:" .. address) then
    return nil
  end
  local ticket = socket:getreusedtimes() > 0 and core.wakeup_ticket() or nil
  if (not ticket or socket:send(ticket)) and handle:attach(call, ticket) then
    return socket
  end
  return close(socket)
end

--- Waits until the engine wakes this coroutine, at most so many seconds.
---@return table? socket the same, if it can be waited for again
---@return string? byte by which the engine has woken it
local function pause(socket, seconds)
  if not socket then
    ngx.sleep(WITHOUT_SOCKET)
    return nil
  end
  socket:settimeout(math.ceil(seconds * 1000))
  local byte, problem = socket:receive(1)
  if byte or problem == "timeout" then
    return socket, byte
  end
  return close(socket)
end

--- Runs a function outside of the request, which may end before the function has.
function M.apart(fn)
  if not ngx.timer.at(0, function() fn() end) then
    fn()
  end
end

--- Lets others run.
function M.pass()
  ngx.sleep(WITHOUT_SOCKET)
end

--- The call is done: its socket is kept for another, unless its byte is still to come.
local function leave(handle, call, socket, byte)
  handle:detach(call, byte ~= nil)
  local is_kept = socket and byte and socket:setkeepalive(KEPT_FOR * 1000, KEPT)
  if socket and not is_kept then
    socket:close()
  end
end

--- Waits until a call in flight is done.
---@param client partnercenter.Client
---@param call userdata
---@param turn fun() what to do when something else has ended, too
---@return partnercenter.Error? err why it cannot be waited for; the call is cancelled then
function M.wait(client, call, turn)
  local handle = client.core
  local socket, byte = attach(handle, call), nil
  while true do
    turn(client)
    if handle:state(call) == "done" then
      return leave(handle, call, socket, byte)
    end
    local left = handle:time_left(call) + GRACE
    if left <= 0 then
      handle:cancel(call)
      return core.error { category = "timeout", message = "the call has not ended at its deadline" }
    end
    socket, byte = pause(socket, math.min(left, LONGEST_PAUSE))
  end
end

return M
