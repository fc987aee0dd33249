-- SPDX-License-Identifier: MIT
--- The client: one method for each operation of Partner Center, and `close`.

local core = require "partnercenter.core"
local credentials = require "partnercenter.credentials"
local customers = require "partnercenter.customers"
local host = require "partnercenter.host"

--- A connection to Partner Center with its credentials. Make one and keep it: connections to the
--- service are reused from call to call.
---@class partnercenter.Client
---@field package core userdata
---@field package credentials partnercenter.Credentials
local Client = {}
Client.__index = Client
Client.__name = "partnercenter.client"

local function core_of(client, method)
  if getmetatable(client) ~= Client then
    error(("bad self of '%s' (client expected, got %s): call it as client:%s(...)")
      :format(method, type(client), method), 3)
  end
  return client.core
end

--- The life of a call that `prepare` has found valid: a token, the request, the answer.
local function perform(client, call)
  local handle = client.core
  core.begin(call) -- and not when it was prepared: a page is prepared before the loop asks for it
  local ok, err = host.check()
  if ok then
    ok, err = client.credentials:authorize(handle)
  end
  if ok and not handle:is_open() then
    err = core.error { category = "cancelled", message = "the client was closed before the call was sent" }
  end
  if err then
    return core.unsent(call, err)
  end
  handle:submit(call)
  host.wait(handle, call)
  return handle:result(call)
end

for _, operation in ipairs(core.operations) do
  Client[operation] = function(self, ...)
    local call, err, meta = core_of(self, operation):prepare(operation, ...)
    if not call then
      return nil, err, meta
    end
    return perform(self, call)
  end
end

--- The partner's customers, for `for customer, err in client:customers(options) do`. Pages are
--- fetched as the loop goes; a failure is one last turn of `false, err`.
---@param options? table `page_size`, `filter`, and the options of every call, which hold for each page
---@return fun(): table|false|nil, partnercenter.Error?
function Client:customers(options)
  local handle = core_of(self, "customers")
  local call, err = handle:prepare("customers_page", nil, nil, options)
  return customers.iterate(call, err, function(ready)
    return perform(self, ready)
  end, function(query, token)
    return core_of(self, "customers"):prepare("customers_page", query, token, customers.options_of_next(options))
  end)
end

--- Cancels what is in flight, closes the connections and wipes the token. A second close does
--- nothing; any other method of a closed client raises.
function Client:close()
  core_of(self, "close"):close()
end

Client.__close = Client.close

local M = {}

--- Makes a client. README describes the options.
---@param options table
---@return partnercenter.Client? client nil when an option holds bad data
---@return partnercenter.Error? err
function M.new(options)
  local handle, err = core.client(options)
  if not handle then
    return nil, err
  end
  return setmetatable({ core = handle, credentials = credentials.new(options) }, Client)
end

return M
