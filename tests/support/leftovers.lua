-- SPDX-License-Identifier: MIT
--- What this process has open and did not have when it was looked at before: descriptors, threads, clients that have
--- begun calls, calls in flight.

local core = require "partnercenter.core"
local lfs = require "lfs"
local socket = require "socket"

local M = {}

--- How long something may take to go, in seconds: a thread is in /proc for a moment after it was joined, and a
--- resolver's that nobody waits for ends when its name server answers. PATIENCE says otherwise.
local LONGEST_WAIT = tonumber(os.getenv "PATIENCE") or 10

local clients = setmetatable({}, { __mode = "k" }) -- the core's, which have begun a call
local calls = setmetatable({}, { __mode = "k" }) -- the core's, each with its client in a weak box

--- Notes what is begun. The core says where in a script a mistake is by the functions that called it: a method
--- that could find one is not to be wrapped.
local function watch_methods(methods)
  for _, name in ipairs { "park", "submit", "submit_token" } do
    local real = methods[name]
    methods[name] = function(client, call)
      clients[client], calls[call] = true, setmetatable({ client }, { __mode = "v" })
      return real(client, call)
    end
  end
end

local function add(things, name)
  things[name] = (things[name] or 0) + 1
end

local function add_descriptors(things)
  for number in lfs.dir "/proc/self/fd" do
    local target = (lfs.symlinkattributes("/proc/self/fd/" .. number) or {}).target
    if target and not target:find "^/proc/%d+/fd$" then -- the folder that is being read
      add(things, "the descriptor of " .. target)
    end
  end
end

local function add_threads(things)
  for id in lfs.dir "/proc/self/task" do
    local file = id:find "%d" and io.open("/proc/self/task/" .. id .. "/comm")
    if file then
      add(things, "the thread " .. id .. ", " .. file:read "*l")
      file:close()
    end
  end
end

local function add_handles(things)
  for client in pairs(clients) do
    if client:is_open() then
      add(things, "a client that is open")
    end
  end
  for call, box in pairs(calls) do
    local client = box[1]
    if client and client:is_open() and client:state(call) ~= "done" then
      add(things, "a call that is " .. client:state(call))
    end
  end
end

--- What there is, by name: how many.
local function inventory()
  collectgarbage()
  collectgarbage() -- for what the finalizers of the first let go of
  local things = {}
  add_descriptors(things)
  add_threads(things)
  add_handles(things)
  return things
end

local forgiven = {} -- by pattern: how many

--- Lets so many things of a name remain, when it is looked next, that are not ours to close.
---@param pattern string
---@param count integer
function M.forgive(pattern, count)
  forgiven[pattern] = count
end

--- How many more there may be than before.
local function allowance(name, allowed)
  for pattern, count in pairs(allowed) do
    if count > 0 and name:find(pattern) then
      allowed[pattern] = count - 1
      return 1
    end
  end
  return 0
end

--- What is there now and was not before.
local function new_things(now, before)
  local names, allowed = {}, {}
  for pattern, count in pairs(forgiven) do
    allowed[pattern] = count
  end
  for name, count in pairs(now) do
    local more = count - (before[name] or 0)
    if more > 0 and more > allowance(name, allowed) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local before

--- ThreadSanitizer begins a thread of its own with the first of the process, and keeps it.
local function begin_first_thread()
  local client = assert(core.client { access_token = "none" })
  assert(client:start_thread())
  client:close()
end

--- Begins to look.
function M.watch()
  begin_first_thread()
  core.wakeup_address() -- whose descriptors a process keeps for good
  watch_methods(debug.getregistry()["partnercenter.core.client"])
  before = inventory()
end

--- What there is that was not there when this was asked last. What may be on its way to its end is waited for.
---@return string[] names
function M.take()
  local ends = socket.gettime() + LONGEST_WAIT
  local now = inventory()
  local left = new_things(now, before)
  while #left > 0 and socket.gettime() < ends do
    socket.sleep(0.05)
    now = inventory()
    left = new_things(now, before)
  end
  before, forgiven = now, {}
  return left
end

return M
