-- SPDX-License-Identifier: MIT
--- What the code offers, asked of the code itself: of the methods it has, of the options it says it takes, of what a
--- call gives; and where nothing can be asked, of the rows in its sources. Each part is a set of names.

local definitions = require "partnercenter.command.definitions"
local item = require "partnercenter.bulk.item"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local M = {}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

--- All sources of the library, without the command and the sandbox.
local function sources(pattern)
  local list = io.popen("git ls-files '" .. pattern .. "'"):read "*a"
  local texts = {}
  for path in list:gmatch "[^\n]+" do
    if not path:find "/command" and not path:find "/sandbox/" then
      texts[#texts + 1] = read(path)
    end
  end
  assert(#texts > 0, pattern)
  return table.concat(texts, "\n")
end

--- Adds to a set what a pattern captures; it has to capture something.
local function add(set, text, pattern)
  local found = false
  for name in text:gmatch(pattern) do
    set[name], found = true, true
  end
  assert(found, "nothing is like " .. pattern .. ": the check reads the sources in a way that they no longer are")
  return set
end

--- The options that a function says it takes, when it is given one that it does not.
local function options_of(fn, ...)
  local ok, message = pcall(fn, ...)
  assert(not ok and tostring(message):find "allowed: ", message)
  return add({}, tostring(message):match "%(allowed: (.*)%)", "[%w_]+")
end

local function without(set, other)
  local rest = {}
  for name in pairs(set) do
    rest[name] = not other[name] or nil
  end
  return rest
end

--- The public names of a table: not its metamethods, nor those that are for the library alone.
local function names_of(object, internal)
  local set = {}
  for name in pairs(object) do
    set[name] = not name:find "^__" and not (internal and internal[name]) or nil
  end
  return set
end

local function methods_of(object, internal)
  return names_of(getmetatable(object).__index, internal)
end

--- The keys that are set in table constructors behind a pattern.
local function keys_behind(set, text, pattern)
  for body in text:gmatch(pattern .. "(%b{})") do
    for name in body:gsub('"[^"]*"', '""'):gmatch "([%a_][%w_]*) = " do
      set[name] = true
    end
  end
  return set
end

local UNKNOWN = { ["?"] = true }

local function add_calls(surface, client)
  local every = options_of(client.get_customer, client, CUSTOMER, UNKNOWN)
  surface.every_call = every
  surface.update = without(options_of(client.update_qualification, client, CUSTOMER, "Education", UNKNOWN), every)
  surface.list = without(options_of(client.customers, client, UNKNOWN), every)
  surface.filter = add({}, sources "src/page.c", 'string_field%(L, "(%w+)"%)')
  surface.wait = options_of(client.wait_for_vetting, client, CUSTOMER, UNKNOWN)
  surface.run = options_of(client.update_qualifications, client, {}, UNKNOWN)
  surface.journal = add({}, sources "lua/partnercenter/journal/option.lua":match "FIELDS = (%b{})", "([%w_]+) =")
  surface.item = add({}, sources "lua/partnercenter/bulk/item.lua", "%f[%w]item%.([%w_]+)")
  for _, name in ipairs(item.SENT) do
    surface.item[name] = true
  end
end

--- What comes back, from real calls.
local function add_results(surface, client)
  local _, _, meta = client:update_qualification(CUSTOMER, "Education")
  surface.meta = names_of(meta)
  surface.progress = {}
  local summary = assert(client:update_qualifications({ { customer_id = CUSTOMER, qualification = "Education" } }, {
    on_progress = function(progress) surface.progress = names_of(progress) end,
  }))
  surface.summary = names_of(summary)
  local call = client:start("get_qualifications", CUSTOMER)
  assert(call:result())
  surface.call = methods_of(call)
end

local function add_errors(surface)
  local c, lua = sources "src/*.c", sources "lua/*.lua"
  surface.category = add({}, c, '{ "([%l_]+)", %l+ }')
  add(surface.category, lua, 'category = "([%l_]+)"')
  local failure = sources "src/failure.c" .. sources "src/error.c"
  surface.error = add({}, failure, 'lua_setfield%(L, %-2, "(%a[%w_]*)"%)')
  add(surface.error, failure, 'copy_field%(L, decoded, "([%w_]+)"%)')
  add(surface.error, failure, 'set_id%(L, call, "([%w_]+)"')
  add(surface.error, failure, 'set_default%(L, "([%w_]+)"%)')
  add(surface.error, lua, "failure%.([%w_]+) = ")
  add(surface.error, lua, "%f[%w]err%.([%w_]+) = ")
  keys_behind(surface.error, lua, "[.:]error%s*")
  keys_behind(surface.error, lua, "error_of%(self, ")
end

local function add_events(surface)
  local c, lua = sources "src/event.c", sources "lua/partnercenter/credentials/token_event.lua"
  surface.event_type = add({}, c, '%[PC_EVENT_%u+%] = { "(%l+)"')
  add(surface.event_type, lua, 'type = "(%l+)"')
  surface.event = add({}, c, 'set_string%(L, "([%w_]+)"')
  add(surface.event, c, 'lua_setfield%(L, %-2, "([%w_]+)"%)')
  add(surface.event, c, '%[PC_EVENT_%u+%] = { "%l+", "([%w_]+)" }')
  keys_behind(surface.event, lua, "local event = ")
end

local function add_sandbox(surface, service)
  surface.sandbox_module = names_of(sandbox)
  surface.sandbox_option = options_of(sandbox.start, UNKNOWN)
  surface.sandbox_failure = options_of(service.fail, service, UNKNOWN)
  surface.sandbox = methods_of(service)
  surface.sandbox_request = names_of(service:requests()[1])
end

local function add_command(surface)
  surface.subcommand, surface.command_option, surface.variable = {}, { ["--help"] = true }, {}
  for _, row in ipairs(definitions.COMMANDS) do
    surface.subcommand[row.name] = true
    for _, option in ipairs(row.options) do
      surface.command_option[option.name] = true
    end
  end
  add(surface.command_option, read "lua/partnercenter/command/arguments.lua", 'parser:%l+ "(%-%-%l+)"')
  for _, row in ipairs(definitions.VARIABLES) do
    surface.variable[row[1]] = true
  end
end

--- Everything, by part.
---@return table<string, table<string, boolean>>
function M.read()
  local service = assert(sandbox.start { vetting_time = 0 })
  local options = service:client_options()
  options.on_event = function() error "so that meta.event_error is there" end
  local client = assert(partnercenter.new(options))
  local surface = {
    module = names_of(partnercenter),
    option = options_of(partnercenter.new, UNKNOWN),
    client = methods_of(client),
  }
  surface.cloud = add({}, sources "src/cloud.h", 'PC_DEFAULT_CLOUD "(%l+)"')
  add(surface.cloud, sources "src/cloud.c", '{ "(%l+)", "https')
  add_calls(surface, client)
  add_results(surface, client)
  add_errors(surface)
  add_events(surface)
  add_sandbox(surface, service)
  add_command(surface)
  client:close()
  service:stop()
  return surface
end

return M
