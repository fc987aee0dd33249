-- SPDX-License-Identifier: MIT
--- Every function that can be called, found in the modules and in the metatables of their objects: a new one is
--- among them by itself.

local world = require "tests.types.world"
local values = require "tests.types.values"

local CUSTOMER = values.CUSTOMER

local MODULES = { "partnercenter", "partnercenter.sandbox", "partnercenter.core", "partnercenter.sandbox.server" }
if pcall(require, "argparse") then
  MODULES[#MODULES + 1] = "partnercenter.command"
end

--- The objects whose methods are walked, and what the same object is that has been closed.
local OBJECTS = {
  ["a client"] = "a closed client", ["a client's core"] = "a collected client's core",
  ["a started call"] = "a call of a closed client", ["a prepared call"] = "another client's call",
  ["a sandbox"] = "a stopped sandbox", ["a server"] = "a stopped sandbox", ["an error"] = "an error",
}

--- Arguments that are good, as far as a function has others than most.
local GOOD = {
  ["partnercenter.new"] = { world.options() },
  ["partnercenter.core.client"] = { world.options() },
  ["partnercenter.sandbox.server.start"] = world.SERVER,
  ["a client:customers"] = { { page_size = 2 } },
  ["a client:update_qualifications"] = { { { customer_id = CUSTOMER, qualification = "Education" } }, { concurrency = 2 } },
  ["a client:start"] = { "get_customer", CUSTOMER },
  ["a client's core:prepare"] = { "update_qualification", CUSTOMER, "Education", {} },
  ["a sandbox:fail"] = { { delay = 0.001 } },
  ["a server:control"] = { "requests", "" },
}
local USUAL = { CUSTOMER, "Education", {} }

--- How many arguments are tried, where more would only cost time: these wait.
local MOST = { ["partnercenter.core.sleep"] = 1, ["a client's core:drive"] = 2 }
local USUALLY_MOST = 4

local M = {}

local function add(list, seen, name, fn, object, closed)
  if type(fn) ~= "function" or seen[fn] then
    return
  end
  seen[fn] = true
  local good = GOOD[name] or USUAL
  list[#list + 1] = {
    name = name, fn = fn, object = object, closed = closed, good = good,
    most = MOST[name] or math.max(USUALLY_MOST, #good),
    is_public = not name:find "core" and not name:find "server" and not name:find ":__",
  }
end

local function sorted_names(from)
  local names = {}
  for name in pairs(from) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

---@return table[] functions each `{ name, fn, object?, closed?, good, most, is_public }`
function M.functions()
  local list, seen = {}, {}
  for _, module in ipairs(MODULES) do
    local loaded = require(module)
    for _, name in ipairs(sorted_names(loaded)) do
      add(list, seen, module .. "." .. name, loaded[name])
    end
  end
  for _, name in ipairs(sorted_names(OBJECTS)) do
    local object, closed = world.objects[name], world.objects[OBJECTS[name]]
    local metatable = debug.getmetatable(object())
    for _, part in ipairs { metatable.__index or {}, metatable } do
      for _, method in ipairs(sorted_names(part)) do
        add(list, seen, name .. ":" .. method, part[method], object, closed)
      end
    end
  end
  add(list, seen, "an iterator", function(...) return world.objects["an iterator"]()(...) end)
  return list
end

return M
