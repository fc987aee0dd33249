-- SPDX-License-Identifier: MIT
--- types.lua [NAME]: every function with a value of every type in every place, in a coroutine, and of an object that
--- was closed. In the environment: PAIRS, each so manieth pair of values too, and all of it outside of a
--- coroutine (0: not); SHOW, to be shown each combination before it is tried; TIMES, what each function took.
--- It writes files: the folder it runs in is to be one of its own.

require "tests.types.complaints"
local core = require "partnercenter.core"
local surface = require "tests.types.surface"
local values = require "tests.types.values"
local walk = require "tests.types.walk"
local world = require "tests.types.world"

local only, pairs_step = arg[1], tonumber(os.getenv "PAIRS") or 0

--- Calls it in a coroutine, which is left in its middle where it yields again and again.
local function in_coroutine(fn, ...)
  local co = coroutine.create(fn)
  local ok, results = coroutine.resume(co, ...)
  for _ = 1, 3 do
    if coroutine.status(co) == "suspended" then
      ok, results = coroutine.resume(co)
    end
  end
  if coroutine.status(co) == "suspended" then
    return true, { n = 0 }
  end
  return ok, results
end

local functions = surface.functions()
for number, fn in ipairs(functions) do
  if not only or fn.name:find(only, 1, true) then
    local before, at = walk.count, core.now()
    walk.singles(fn, fn.object, "good", in_coroutine)
    if fn.closed then
      walk.singles(fn, fn.closed, "good", pcall)
    end
    if pairs_step > 0 then
      walk.singles(fn, fn.object, "good", pcall)
      walk.singles(fn, fn.object, "nil", pcall)
      walk.pairs(fn, pairs_step, number)
    end
    if os.getenv "TIMES" then
      print(("%6d %5.2f s %s"):format(walk.count - before, core.now() - at, fn.name))
    end
  end
end
local client = world.new_client()
assert(client:get_customer(values.CUSTOMER))
client:close()
walk.finish(("%d functions"):format(#functions))
