-- SPDX-License-Identifier: MIT
--- reentrant.lua: every function again from inside each of the functions that a script gives to the library, while
--- a call waits directly, as a started one, and with a thread of the client's own. In the environment: SHOW, to be
--- shown each before it is tried; EVERY, each so manieth alone (17).

require "tests.types.complaints"
local core = require "partnercenter.core"
local judge = require "tests.types.judge"
local surface = require "tests.types.surface"
local values = require "tests.types.values"
local walk = require "tests.types.walk"
local world = require "tests.types.world"

local CUSTOMER = values.CUSTOMER

--- What a script may do there beside, with the client and the call that is under way (nil where it is none).
local ACTIONS = {
  ["collectgarbage"] = function() collectgarbage() end,
  ["error"] = function() error(values.RAISED, 0) end,
  ["coroutine.yield"] = function() coroutine.yield() end,
  ["close"] = function(client) client:close() end,
  ["close, and collectgarbage"] = function(client)
    client:close()
    collectgarbage()
  end,
  ["collect the client by hand"] = function(client) getmetatable(client.core).__gc(client.core) end,
  ["cancel"] = function(_, call) return call and call:cancel() end,
  ["result"] = function(_, call) return call and call:result() end,
  ["done"] = function(_, call) return call and call:done() end,
  ["a call"] = function(client) return client:get_qualifications(CUSTOMER) end,
  ["a started call"] = function(client) return client:start("get_customer", CUSTOMER):result() end,
  ["a started call that is left"] = function(client) client:start("get_customer", CUSTOMER) end,
  ["a list"] = function(client)
    for customer, err in client:customers { page_size = 1 } do
      if not customer then
        return nil, err
      end
    end
  end,
  ["a run"] = function(client)
    return client:update_qualifications({ { customer_id = core.new_guid(), qualification = "Education" } })
  end,
  ["pollfd"] = function(client) client:pollfd() end,
  ["process"] = function(client) client:process() end,
  ["a call in a coroutine that is left"] = function(client)
    coroutine.wrap(function()
      client:get_customer(CUSTOMER, { request_id = core.new_guid() })
      coroutine.yield()
    end)()
  end,
}

--- Each function of the library as an action, on the client that is under way where it is a client's.
local function add_functions()
  for _, fn in ipairs(surface.functions()) do
    if fn.name ~= "partnercenter.core.sleep" and fn.name ~= "partnercenter.command.main" then
      ACTIONS[fn.name] = function(client, call)
        local self = fn.object == world.objects["a client"] and client or fn.object == world.objects["a client's core"]
          and client.core or fn.object == world.objects["a started call"] and call or fn.object and fn.object()
        if self then
          return fn.fn(self, values.unpack(fn.good))
        end
        return fn.fn(values.unpack(fn.good))
      end
    end
  end
end

--- What a script gives to a client, or to a call. Each calls `act` with its own name.
local function client_options(act)
  local cached
  local options = {
    on_event = function() act "on_event" end,
    on_refresh_token = function() act "on_refresh_token" end,
    token_cache = {
      get = function()
        act "token_cache:get"
        return cached
      end,
      set = function(_, _, value)
        act "token_cache:set"
        cached = value
      end,
    },
  }
  local refresh_token = world.options().refresh_token
  options.refresh_token = function()
    act "refresh_token"
    return refresh_token
  end
  return options
end

local function with_access_token(act)
  local options = world.options()
  return {
    base_url = options.base_url, login_url = options.login_url, allow_insecure_http = true, max_retries = 0,
    access_token = function()
      act "access_token"
      return world.token(), 60
    end,
  }
end

--- The work that is under way; `perform(method, ...)` makes its calls.
local function work(act, perform)
  perform("wait_for_vetting", CUSTOMER, { on_poll = function() act "on_poll" end })
  local left = 3
  perform("update_qualifications", function()
    act "source"
    left = left - 1
    return left >= 0 and { customer_id = core.new_guid(), qualification = "Education" } or nil
  end, {
    concurrency = 2,
    on_result = function() act "on_result" end,
    on_progress = function() act "on_progress" end,
  })
end

local POINTS = {
  "on_event", "on_refresh_token", "token_cache:get", "token_cache:set", "refresh_token", "access_token", "on_poll",
  "source", "on_result", "on_progress",
}
local WAYS = { "direct", "started", "threaded", "in a coroutine" }

local partnercenter = require "partnercenter"

--- Does the work, and the action once, at the point.
local function try(point, way, name)
  local client, under_way, has_acted
  local fn = { name = ("%s inside of %s, %s"):format(name, point, way) }
  local function act(where)
    if where == point and client and not has_acted then
      has_acted = true
      local ok, raised = pcall(ACTIONS[name], client, under_way)
      local problem = not ok and name ~= "coroutine.yield" and judge.raised(raised)
      if problem then
        walk.note(fn, problem)
      end
      if name == "error" then
        error(raised, 0)
      end
    end
  end
  local options = point == "access_token" and with_access_token(act) or world.options(client_options(act))
  options.deadline = 0.3 -- what waits for itself ends then
  client = assert(partnercenter.new(options))
  if way == "threaded" then
    client:pollfd()
  end
  local function perform(method, ...)
    local ok, result, err
    if way == "direct" or way == "in a coroutine" then
      ok, result, err = pcall(client[method], client, ...)
    else
      ok, under_way = pcall(client.start, client, method, ...)
      result = under_way
      if ok then
        ok, result, err = pcall(under_way.result, under_way)
      end
    end
    local problem = not ok and judge.raised(result) or result == nil and err and judge.returned(err)
    if problem then
      walk.note(fn, method .. ": " .. problem)
    end
  end
  if way == "in a coroutine" then -- where the action yields, the work is left in its middle
    coroutine.wrap(walk.watch)(work, act, perform)
  else
    walk.watch(work, act, perform)
  end
  local made = client
  client = nil
  if made.core:is_open() then -- what was left in its middle holds up nobody
    local ok, result, err = pcall(made.get_customer, made, CUSTOMER, { deadline = 2 })
    if not ok or not result then
      walk.note(fn, "it is of no use afterwards: " .. tostring(ok and err or result))
    end
  end
  made:close()
  if has_acted then
    walk.count = walk.count + 1
  end
end

walk.longest = 0.3
add_functions()
local every, number, names = tonumber(os.getenv "EVERY") or 17, 0, {}
for name in pairs(ACTIONS) do
  names[#names + 1] = name
end
table.sort(names)
for _, point in ipairs(POINTS) do
  for _, way in ipairs(WAYS) do
    for _, name in ipairs(names) do
      number = number + 1
      if number % every == 0 and (not arg[1] or point == arg[1]) and (not arg[2] or name == arg[2]) then
        if walk.is_verbose then
          print(point, way, name)
          io.stdout:flush()
        end
        try(point, way, name)
      end
    end
  end
  collectgarbage()
end
walk.finish(("%d functions and actions at %d points in %d ways"):format(#names, #POINTS, #WAYS))
