-- SPDX-License-Identifier: MIT
--- Calls functions with every value in every place, and looks at what comes of it.

local core = require "partnercenter.core"
local judge = require "tests.types.judge"
local values = require "tests.types.values"
local world = require "tests.types.world"

local M = {
  longest = 2, -- that a call may wait, in seconds, before it is interrupted as by Ctrl-C
  count = 0, problems = {}, all = values.all(world.objects), is_verbose = os.getenv "SHOW",
}

local loaded, begun, seen = core.now(), 0, {}

local function interrupt()
  if core.now() > begun + M.longest then
    begun = core.now()
    error(judge.WAITED, 0)
  end
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- The caller, whose place the messages of public functions bear.
local function invoke(fn, arguments)
  local results = pack(fn(values.unpack(arguments, 1, arguments.n)))
  return results
end

local PLACE = "^[^:\n]*types/walk%.lua:%d+: "

--- Ends what a call has made.
local function close(made)
  local metatable = debug.getmetatable(made)
  local index = type(metatable) == "table" and rawget(metatable, "__index")
  for _, name in ipairs { "close", "stop", "cancel" } do
    local method = type(index) == "table" and made ~= io.stderr and rawget(index, name)
    if method then
      pcall(method, made)
    end
  end
end

local function look_at(fn, ok, results)
  if not ok then
    return judge.raised(results, fn.is_public and PLACE)
  end
  if fn.is_public and results[1] == nil and results[2] ~= nil then
    return judge.returned(results[2])
  end
  for i = 1, results.n do
    if type(results[i]) == "userdata" or type(results[i]) == "table" then
      close(results[i])
    end
  end
end

--- Remembers what was wrong, once for each function.
function M.note(fn, problem, arguments)
  local key = fn.name .. problem:gsub("[%('\n].*", "")
  if not seen[key] then
    M.problems[#M.problems + 1] = ("%s %s: %s"):format(fn.name, arguments or "", problem)
  end
  seen[key] = true
end

--- Runs something that is interrupted where it waits for too long.
function M.watch(way, ...)
  begun = core.now()
  debug.sethook(interrupt, "", 100)
  local ok, results = way(...)
  debug.sethook()
  return ok, results
end

--- Calls it once. `describe` is asked for the arguments where something is wrong.
---@param way fun(fn, arguments): ... how it is called: `pcall`, or the like
function M.try(fn, arguments, describe, way)
  M.count = M.count + 1
  if M.is_verbose then
    io.stderr:write(fn.name, " ", describe(), "\n")
  end
  local ok, results = M.watch(way, invoke, fn.fn, arguments)
  local problem = look_at(fn, ok, results)
  if problem then
    M.note(fn, problem, describe())
  end
end

--- The arguments of a function that are good, behind its object.
local function good_arguments(fn, object)
  local arguments = { n = #fn.good }
  for i, value in ipairs(fn.good) do
    arguments[i] = value
  end
  if object then
    table.insert(arguments, 1, object)
    arguments.n = arguments.n + 1
  end
  return arguments
end

--- How many places there are for arguments, and where the object's is.
local function places(fn)
  return fn.most + (fn.object and 1 or 0)
end

local function put(arguments, place, value)
  arguments[place] = value.make()
  arguments.n = math.max(arguments.n, place)
end

--- Every value in every place, the others being `good`, or `nil`.
function M.singles(fn, object, others, way)
  for place = 1, places(fn) do
    for _, value in ipairs(M.all) do
      local self = object and object()
      local arguments = others == "good" and good_arguments(fn, self) or { n = self and 1 or 0, self }
      put(arguments, place, value)
      M.try(fn, arguments, function()
        return ("with %s as argument %d, the others %s"):format(value.name, place, others)
      end, way)
    end
  end
end

--- Every pair of values in every pair of places; each STEPth of them.
function M.pairs(fn, step, offset)
  local number = offset
  for first = 1, places(fn) do
    for second = first + 1, places(fn) do
      for i = 1, #M.all * #M.all do
        number = number + 1
        if number % step == 0 then
          local one, other = M.all[math.floor((i - 1) / #M.all) + 1], M.all[(i - 1) % #M.all + 1]
          local arguments = good_arguments(fn, fn.object and fn.object())
          put(arguments, first, one)
          put(arguments, second, other)
          M.try(fn, arguments, function()
            return ("with %s as argument %d and %s as argument %d"):format(one.name, first, other.name, second)
          end, pcall)
        end
      end
    end
  end
end

--- Tells how much was tried, and raises what was wrong.
---@param what string
function M.finish(what)
  print(("%s: %d combinations in %.1f s"):format(what, M.count, core.now() - loaded))
  if #M.problems > 0 then
    error(table.concat(M.problems, "\n"), 0)
  end
end

return M
