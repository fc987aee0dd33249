-- SPDX-License-Identifier: MIT
--- snippets.lua: runs the Lua of README against a sandbox, in its order, and compiles that of doc/.

local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local service = assert(sandbox.start { vetting_time = 0 })
local printed = {}

--- What the snippets take for granted.
local world = setmetatable({
  client = assert(partnercenter.new(service:client_options())),
  customer_ids = { CUSTOMER, "62c7fad1-bbe4-4849-9d50-2139bd632b6d" },
  source = { { customer_id = "62c7fad1-bbe4-4849-9d50-2139bd632b6d", qualification = "StateOwnedEntity" } },
  print = function(...)
    for i = 1, select("#", ...) do
      printed[#printed + 1] = tostring((select(i, ...)))
    end
  end,
}, { __index = _G })
assert(world.client:update_qualification(CUSTOMER, "Education", { education_segment = "K12" }))

--- Compiles a snippet to run in that world, in any Lua.
local function compile(text, name)
  local chunk = assert((loadstring or load)(text, "=" .. name))
  if rawget(_G, "setfenv") then
    return _G.setfenv(chunk, world)
  end
  return assert(load(text, "=" .. name, "t", world))
end

local function snippets_of(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text:gmatch "\n```lua\n(.-)\n```"
end

local count = 0
for text in snippets_of "README.md" do
  for what, by in pairs { -- the build's journal, the sandbox's customers and no waiting
    ['"run%.db"'] = ("%q"):format(arg[1]), ['"contoso"'] = '"customer1"', ["wait = true"] = "wait = true, interval = 0.01",
    ["start%(%)"] = "start { vetting_time = 0 }", ["interval = 1 "] = "interval = 0.01 ",
  } do
    text = text:gsub(what, by)
  end
  count = count + 1
  compile(text, "README snippet " .. count)()
end
local shown = table.concat(printed, " ")
for _, expected in ipairs {
  "InReview Approved", "Customer 1", CUSTOMER .. " 1", "62c7fad1-bbe4-4849-9d50-2139bd632b6d Approved",
} do
  assert(shown:find(expected, 1, true), "not shown: " .. expected .. "\nin: " .. shown)
end
assert(count >= 5, count)
for text in snippets_of "doc/moving.md" do
  count = count + 1
  compile(text, "doc/moving.md snippet")
end
print(("%d snippets"):format(count))
service:stop()
