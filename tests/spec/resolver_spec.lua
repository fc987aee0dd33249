-- SPDX-License-Identifier: MIT
--- A name server that never answers holds up nothing but the calls that need it, and those no longer than they may wait.
local socket = require "socket"

--- Seconds that none of it may take. The resolver would try for 10 at least.
local TOO_LONG = 5

describe("a name server that never answers", function()
  local output, ended
  local is_possible = true
  local lines = {}

  setup(function()
    local process = io.popen(("tests/support/silent_resolver %s tests/support/unresolved.lua 2>&1; echo status $?")
      :format(os.getenv "LUA"))
    output = process:read "*a"
    ended = socket.gettime()
    process:close()
    local status = tonumber(output:match "status (%d+)\n$")
    if status == 77 then
      is_possible = false
      print("\nskipped: this machine lets nobody but root have a name server of its own (unshare -n -m)")
      return
    end
    assert(status == 0, output)
    for name, seconds, outcome in output:gmatch "([%w_]+) ([%d.]+) ([%w_ ]+)\n" do
      lines[name] = { seconds = tonumber(seconds), outcome = outcome }
    end
  end)

  local function check(name, outcome)
    if not is_possible then
      pending "this machine lets nobody but root have a name server of its own"
      return
    end
    assert.is_table(lines[name], output)
    assert.equal(outcome, lines[name].outcome)
    assert.is_true(lines[name].seconds < TOO_LONG, ("%s took %s s"):format(name, lines[name].seconds))
  end

  for _, bound in ipairs { "deadline", "timeout", "connect_timeout" } do
    it("is a timeout as soon as the " .. bound .. " passes, also for the next call", function()
      check(bound .. "1", "timeout 0")
      check(bound .. "2", "timeout 0")
    end)

    it("does not hold up the close of a client after " .. bound, function() check(bound .. "_close", "closed") end)
  end

  it("does not hold up another client", function() check("other", "success") end)
  it("does not hold up a cancel", function() check("cancel", "cancelled") end)
  it("does not hold up a close with a call in flight", function() check("close", "closed") end)

  it("does not hold up the end of the process", function()
    if not is_possible then
      pending "this machine lets nobody but root have a name server of its own"
      return
    end
    local left = tonumber(output:match "exit ([%d.]+)\n")
    assert.is_true(ended - left < TOO_LONG, ("exiting took %.3f s"):format(ended - left))
  end)
end)
