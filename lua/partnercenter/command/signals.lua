-- SPDX-License-Identifier: MIT
--- Waits that a signal ends.

local core = require "partnercenter.core"

local M = {}

--- The longest time before a signal is noticed, in seconds.
local TICK = 0.1

--- The signal that has come; nil: none has.
---@return string?
M.caught = core.caught_signal

--- Waits for the end of a started call.
---@param client partnercenter.Client
---@param call partnercenter.Call
---@param on_signal? fun() called once; without it the call is cancelled
---@param on_tick? fun() called again and again meanwhile
---@return any ... what the call returns
function M.wait(client, call, on_signal, on_tick)
  local is_told = false
  while not call:done() do
    if M.caught() and not is_told then
      is_told = true
      if on_signal then
        on_signal()
      else
        call:cancel()
      end
    else
      client.core:drive(nil, TICK)
    end
    if on_tick then
      on_tick()
    end
  end
  return call:result()
end

--- Waits so many seconds.
---@return boolean passed false: a signal has come
function M.sleep(seconds)
  local ends = core.now() + seconds
  while not M.caught() and core.now() < ends do
    core.sleep(math.min(TICK, math.max(0, ends - core.now())))
  end
  return not M.caught()
end

--- Raises in a direct call of a client, which is cancelled then, when a signal has come. Until `disarm`.
function M.arm()
  debug.sethook(function()
    if M.caught() then
      debug.sethook()
      error("interrupted", 0)
    end
  end, "c")
end

M.disarm = debug.sethook

return M
