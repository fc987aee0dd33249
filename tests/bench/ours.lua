-- SPDX-License-Identifier: MIT
--- ours.lua WAY CALLS AT_ONCE URL CA_FILE: makes updates with partnercenter, in one of the ways below.
--- Connections apart, all options are the defaults: verification, deadlines and retries are in force.

local partnercenter = require "partnercenter"

local TOKEN_LENGTH = 1200 -- of a real token, about

local way, calls, at_once, url, ca_file = arg[1], tonumber(arg[2]), tonumber(arg[3]), arg[4], arg[5]

local function new_client(options)
  options = options or {}
  options.base_url, options.ca_file, options.access_token = url, ca_file, ("x"):rep(TOKEN_LENGTH)
  return assert(partnercenter.new(options))
end

local function customer_id(number)
  return ("00000000-0000-4000-8000-%012x"):format(number)
end

--- The items of a run, as an iterator.
local function items()
  local number = 0
  return function()
    number = number + 1
    return number <= calls and {
      customer_id = customer_id(number), qualification = "Education", education_segment = "K12", website = "example.edu",
    } or nil
  end
end

--- A run with as many connections as there are calls in flight.
local function run(client_options, journal)
  client_options.max_connections = at_once
  local client = new_client(client_options)
  local summary = assert(client:update_qualifications(items(), { concurrency = at_once, journal = journal }))
  assert(summary.succeeded == calls, "not all have succeeded")
  client:close()
end

local UPDATE = { education_segment = "K12", website = "example.edu" }

local WAYS = {}

function WAYS.sequence()
  local client = new_client()
  for number = 1, calls do
    assert(client:update_qualification(customer_id(number), "Education", UPDATE))
  end
  client:close()
end

function WAYS.run()
  run {}
end

function WAYS.events()
  local events = 0
  run { on_event = function() events = events + 1 end }
  assert(events == 2 * calls, "not as many events as there should be")
end

function WAYS.journal()
  local path = os.tmpname()
  run({}, path)
  for _, suffix in ipairs { "", "-wal", "-shm" } do
    os.remove(path .. suffix)
  end
end

--- Started calls, with the default number of connections: the oldest is waited for, and another started.
function WAYS.start()
  local client = new_client()
  local started = {}
  for number = 1, calls + at_once do
    local oldest = started[number - at_once]
    if oldest then
      assert(oldest:result())
      started[number - at_once] = nil
    end
    if number <= calls then
      started[number] = client:start("update_qualification", customer_id(number), "Education", UPDATE)
    end
  end
  client:close()
end

WAYS[way]()
