-- SPDX-License-Identifier: MIT
--- The client: one method for each operation of Partner Center, calls that are started, and `close`.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local credentials = require "partnercenter.credentials"
local finished = require "partnercenter.finished"
local flight = require "partnercenter.flight"
local parts = require "partnercenter.parts"
local task = require "partnercenter.task"
local turn = require "partnercenter.turn"

local unpack = rawget(table, "unpack") or _G.unpack

--- A connection to Partner Center with its credentials. Make one and keep it: connections to the
--- service are reused from call to call.
---@class partnercenter.Client
---@field package core userdata
---@field package credentials partnercenter.Credentials
---@field package listener partnercenter.Events? where the script wants to be told what happens
---@field package waiters table<integer, { wake: fun(self) }> who is told of the end of a call, by its id
---@field package tasks table<thread, partnercenter.Task> those that have not ended, by their coroutine
---@field package kept table<integer, partnercenter.Kept> in nginx: ended calls whose events were not told
---@field package finished table<partnercenter.Call, integer> started calls that ended and were not collected
local Client = {}
Client.__index = Client
Client.__name = "partnercenter.client"

local function core_of(client, method, level)
  local handle = getmetatable(client) == Client and rawget(client, "core")
  if not handle then
    error(("bad self of '%s' (client expected, got %s): call it as client:%s(...)")
      :format(method, type(client), method), level or 3)
  end
  return handle
end

--- The same, of a client that is open.
local function open_core_of(client, method)
  local handle = core_of(client, method, 4)
  if not handle:is_open() then
    error("the client is closed", 3)
  end
  return handle
end

for _, operation in ipairs(core.operations) do
  Client[operation] = function(self, ...)
    local call, err, meta = core_of(self, operation):prepare(operation, ...)
    if not call then
      return nil, err, meta
    end
    return flight.perform(self, call)
  end
end

--- The partner's customers, for `for customer, err in client:customers(options) do`. Pages are
--- fetched as the loop goes; a failure is one last turn of `false, err`.
---@param list_options? table `page_size`, `filter`, and the options of every call, which hold for each page
---@return fun(): table|false|nil, partnercenter.Error?
function Client:customers(list_options)
  local handle = core_of(self, "customers")
  local call, err = handle:prepare("customers_page", nil, nil, list_options)
  return parts.customers.iterate(call, err, function(ready)
    return flight.perform(self, ready)
  end, function(query, token)
    return core_of(self, "customers"):prepare("customers_page", query, token, parts.customers.options_of_next(list_options))
  end)
end

--- Waits until Microsoft has decided about a customer's qualification. README describes the options.
---@param customer_id string
---@param wait_options? table
---@return table? qualification once it is Approved or Denied
---@return partnercenter.Error? err
---@return table meta of the last poll; `attempts` and `elapsed` of the whole wait
function Client:wait_for_vetting(customer_id, wait_options)
  local handle = open_core_of(self, "wait_for_vetting")
  local values, problem = parts.options.read(wait_options, parts.vetting.OPTIONS, 2)
  if not values then
    return nil, handle:error { category = "bad_input", message = problem }, { attempts = 0, elapsed = 0 }
  end
  local call, err, meta = handle:prepare("get_qualifications", customer_id, parts.vetting.poll_options(values))
  if not call then -- what no poll could say is said before the first one
    return nil, err, meta
  end
  return parts.vetting.wait(self, customer_id, values)
end

--- Updates many customers. README describes the items and the options.
---@param source table|fun(): table? an array of items, or an iterator
---@param run_options? table
---@return table? summary
---@return partnercenter.Error? err with `summary`
function Client:update_qualifications(source, run_options)
  local handle = open_core_of(self, "update_qualifications")
  local mistake = parts.bulk.mistake(source)
  if mistake then
    error(("bad argument 'source' (%s)"):format(mistake), 2)
  end
  local values, problem = parts.options.read(run_options, parts.bulk.OPTIONS, 2)
  if not values then
    return nil, handle:error { category = "bad_input", message = problem }
  end
  return parts.bulk.run(self, source, values)
end

--- The methods that `start` takes.
local STARTABLE = { "wait_for_vetting", "update_qualifications", unpack(core.operations) }
for _, method in ipairs(STARTABLE) do
  STARTABLE[method] = true
end

--- Begins a call and returns at once.
---@param method_name string any method that makes calls, but `customers`
---@param ... any its arguments
---@return partnercenter.Call
function Client:start(method_name, ...)
  open_core_of(self, "start")
  if type(method_name) ~= "string" or not STARTABLE[method_name] then
    error(("bad argument 'method_name' (%s cannot be started; allowed: %s)")
      :format(callback.text_of(method_name), table.concat(STARTABLE, ", ")), 2)
  end
  local call = parts.started.start(self, self[method_name], ...) -- no tail call: an error names the line above this one's
  return call
end

--- The descriptor to wait for in an event loop: it is readable when started calls have ended. From
--- then on a thread of the client's own does the work between two calls of `process`.
---@return integer
function Client:pollfd()
  local handle = open_core_of(self, "pollfd")
  local has_thread, problem = handle:start_thread()
  if not has_thread then
    error("partnercenter: " .. problem, 2)
  end
  turn.turn(self)
  return handle:pollfd()
end

--- What to wait for: that the descriptor is readable.
---@return string
function Client:events()
  open_core_of(self, "events")
  return "r"
end

--- How long to wait at most, in seconds; nil: until the descriptor is readable.
---@return number?
function Client:timeout()
  open_core_of(self, "timeout")
  return next(self.finished) and 0 or nil
end

--- Does what is due, without waiting.
---@return partnercenter.Call[] calls the started calls that have just ended
function Client:process()
  open_core_of(self, "process"):drive(nil, 0)
  turn.turn(self)
  return finished.take(self)
end

--- Cancels what is in flight, closes the connections and wipes the secrets. A second close does
--- nothing; any other method of a closed client raises.
function Client:close()
  core_of(self, "close"):close()
  turn.turn(self)
end

Client.__close = Client.close

local M = {}

--- The options without their metatable, as the core has read them.
local function plain(client_options)
  local copy = {}
  for name, value in next, client_options do
    copy[name] = value
  end
  return copy
end

--- Makes a client. README describes the options.
---@param client_options table
---@return partnercenter.Client? client nil when an option holds bad data
---@return partnercenter.Error? err
function M.new(client_options)
  if type(client_options) == "table" and rawget(client_options, "new") == M.new then
    error("partnercenter.new is no method: call it as partnercenter.new { ... }", 2)
  end
  local handle, err = core.client(client_options)
  if not handle then
    return nil, err
  end
  local given = plain(client_options)
  if given.token_cache and not parts["credentials.cache"].is_one(given.token_cache) then
    error("bad option 'token_cache' (an object with the methods get and set expected)", 2)
  end
  local client = setmetatable({ core = handle, waiters = {}, kept = {} }, Client)
  task.prepare(client)
  finished.prepare(client)
  client.listener = given.on_event and parts.events.new(given.on_event)
  client.credentials = credentials.new(client, given)
  return client
end

return M
