-- SPDX-License-Identifier: MIT
--- A value of every type, and of every kind of it that could matter: each a name and a function that makes it.

local cjson = require "cjson.safe"

local M = {}

M.unpack = rawget(table, "unpack") or _G.unpack

--- What the functions and metatables of the script raise.
M.RAISED = setmetatable({}, { __tostring = function() return "raised by the script" end })

--- A customer who has a decided qualification.
M.CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local function raises()
  error(M.RAISED, 0)
end

local function raising_table(fields)
  local events = { "index", "newindex", "call", "tostring", "len", "pairs", "ipairs", "eq", "lt", "le", "concat", "add",
    "sub", "mul", "div", "mod", "unm", "pow", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot" }
  local metatable = {}
  for _, event in ipairs(events) do
    metatable["__" .. event] = raises
  end
  return setmetatable(fields, metatable)
end

local function cycle()
  local value = {}
  value.value, value[1], value[value] = value, value, value
  return setmetatable(value, { __index = value })
end

local function ended_coroutine(code)
  local co = coroutine.create(code)
  coroutine.resume(co)
  return co
end

local function closed_file()
  local file = assert(io.open("/dev/null"))
  file:close()
  return file
end

local LONG = ("x"):rep(200000)

--- Those whose value is always the same.
local CONSTANTS = {
  { "nil", nil }, { "true", true }, { "false", false },
  { "0", 0 }, { "1", 1 }, { "-1", -1 }, { "0.01", 0.01 }, { "2^31", 2 ^ 31 }, { "2^53", 2 ^ 53 }, { "2^53+2", 2 ^ 53 + 2 },
  { "the least integer", rawget(math, "mininteger") or -2 ^ 63 }, { "1e308", 1e308 }, { "infinity", math.huge },
  { "-infinity", -math.huge }, { "not a number", 0 / 0 },
  { "an empty string", "" }, { "a string", "x" }, { "a string with NUL", "a\0b" }, { "a long string", LONG },
  { "bytes", "\255\254\128" }, { "a string of lines", "a\r\nb: c\n" }, { "a number as a string", "1" },
  { "a GUID", M.CUSTOMER }, { "the name of a qualification", "Education" }, { "the name of a method", "get_customer" },
  { "a function", function() end }, { "a function that raises", raises }, { "a C function", string.len },
  { "a function that yields", coroutine.yield },
  { "a file", io.stderr }, { "a light userdata", cjson.null },
}

--- Those that are made anew each time.
local MADE = {
  { "an empty table", function() return {} end },
  { "an array", function() return { 1, "x", {}, false } end },
  { "a table of options", function() return { deadline = 5 } end },
  { "a table with an odd key", function() return { [{}] = 1, [1.5] = 2 } end },
  { "a table in itself", cycle },
  { "a table that raises", function() return raising_table {} end },
  { "an array that raises", function() return { raising_table {}, raising_table {} } end },
  { "a coroutine", function() return coroutine.create(raises) end },
  { "a coroutine in its middle", function() return ended_coroutine(function() coroutine.yield() end) end },
  { "a coroutine that has ended", function() return ended_coroutine(raises) end },
  { "the running coroutine", function() return coroutine.running() end },
  { "a closed file", closed_file },
}

--- All of them, with objects of the library.
---@param objects table<string, fun(): any>
---@return table[] values each `{ name, make }`
function M.all(objects)
  local all, names = {}, {}
  for _, row in ipairs(CONSTANTS) do
    all[#all + 1] = { name = row[1], make = function() return row[2] end }
  end
  for _, row in ipairs(MADE) do
    all[#all + 1] = { name = row[1], make = row[2] }
  end
  for name in pairs(objects) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    all[#all + 1] = { name = name, make = objects[name] }
  end
  if _G.newproxy then -- luacheck: ignore 143
    all[#all + 1] = { name = "a userdata of nobody's", make = function() return _G.newproxy(true) end }
  end
  return all
end

return M
