-- SPDX-License-Identifier: MIT
--- The objects of the library, each made when it is asked for, and anew where it is of no use any more.

local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local server = require "partnercenter.sandbox.server"
local values = require "tests.types.values"

local CUSTOMER = values.CUSTOMER

local service = assert(sandbox.start { vetting_time = 0 })

local M = { objects = {} }

--- Options of a client that reaches the service; what takes long ends soon.
function M.options(more)
  local options = service:client_options()
  options.deadline, options.timeout, options.max_retries = 5, 5, 0
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

function M.new_client(more)
  return assert(partnercenter.new(M.options(more)))
end

--- Arguments of the sandbox's server with which it starts.
M.SERVER = { "127.0.0.1", "0", package.path, package.cpath,
  '{"vetting_time":0,"latency":0,"token_lifetime":60,"customers":1,"unknown_customers":true,"tenant_id":"t",'
  .. '"client_id":"c","client_secret":"s","refresh_token":"r"}' }

--- An access token of the service.
function M.token()
  local made = M.new_client()
  local call = made.core:prepare_token()
  made.core:submit_token(call)
  while not made.core:drive(call) do end
  local _, token = made.core:take_token(call)
  made:close()
  return token
end

local kept, metatables = {}, {}

--- Keeps what `make` makes, as long as it `lives`. (An error is made of any table, with another metatable.)
local function define(name, make, lives)
  M.objects[name] = function()
    local object = kept[name]
    if object == nil or debug.getmetatable(object) ~= metatables[name] or not lives(object) then
      object = make()
      kept[name], metatables[name] = object, debug.getmetatable(object)
    end
    return object
  end
end

local function always() return true end
local function is_open(client) return client.core:is_open() end
local function never() return false end
local function runs(object) return (pcall((object.server or object).port, object.server or object)) end

local function client() return M.objects["a client"]() end

local function done(call)
  local handle = client().core
  while not handle:drive(call) do end
  return call
end

--- A call of the core in some state; `make` gets the core's client.
local function define_call(name, make)
  define(name, function() return make(client().core) end, function(call)
    return pcall(client().core.id, client().core, call) and client().core:state(call) == "prepared"
  end)
end

define("a client", function() return M.new_client() end, is_open)
define("a client with a thread", function()
  local made = M.new_client()
  made:pollfd()
  return made
end, is_open)
define("a closed client", function()
  local made = M.new_client()
  made:close()
  return made
end, always)
define("a client's core", function() return client().core end, function(core) return core:is_open() end)
define("a closed client's core", function() return M.objects["a closed client"]().core end, always)
define("a collected client's core", function()
  local core = M.new_client().core
  getmetatable(core).__gc(core)
  return core
end, always)
define("a started call", function() return client():start("get_customer", CUSTOMER) end, never)
define("an ended call", function()
  local call = client():start("get_customer", CUSTOMER)
  call:result()
  return call
end, always)
define("a call of a closed client", function()
  local made = M.new_client()
  local call = made:start("get_customer", CUSTOMER)
  made:close()
  return call
end, always)
define_call("a prepared call", function(core) return core:prepare("get_customer", CUSTOMER) end)
define_call("a prepared pause", function(core) return core:prepare_pause(0.001) end)
define_call("a prepared request for a token", function(core) return core:prepare_token() end)
define_call("a prepared login", function(core) return core:prepare_login() end)
define("another client's call", function()
  return M.new_client { base_url = M.options().base_url .. ("/x"):rep(2000) }.core:prepare("get_customer", CUSTOMER)
end, never)
define("a call that is done", function()
  client():get_customer(CUSTOMER) -- (so that there is a token)
  local call = client().core:prepare("get_customer", CUSTOMER)
  client().core:submit(call)
  return done(call)
end, never)
define("a request for a token that is done", function()
  local call = client().core:prepare_token()
  client().core:submit_token(call)
  return done(call)
end, never)
define("an iterator", function() return client():customers() end, never)
define("an error", function() return select(2, client():get_customer "x") end, always)
define("a sandbox", function() return assert(sandbox.start()) end, runs)
define("a stopped sandbox", function()
  local made = assert(sandbox.start())
  made:stop()
  return made
end, always)
define("a server", function() return assert(server.start(values.unpack(M.SERVER))) end, runs)
define("the headers of a request", function()
  return { headers = service:requests()[1].headers }
end, always)

assert(M.new_client():update_qualification(CUSTOMER, "Education", { website = "example.edu" }))

return M
