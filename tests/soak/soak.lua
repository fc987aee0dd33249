-- SPDX-License-Identifier: MIT
--- soak.lua: many calls of one client at once through the fault proxy, which lets a twentieth of the
--- requests suffer each of its faults. Every call must succeed or say truthfully why not, every update
--- must take effect once, and neither memory nor descriptors may grow.
---
--- CALLS says how many calls (2000); SEED repeats the faults of a run, as far as the calls come in the
--- same order. LUA is the interpreter for the sandbox.

local partnercenter = require "partnercenter"
local files = require "tests.support.files"
local servers = require "tests.support.servers"
local socket = require "socket"

local CALLS = tonumber(os.getenv "CALLS" or 2000)
local SEED = tonumber(os.getenv "SEED" or os.time())
local CONCURRENCY = 64
local SHARE = 0.05
local FAULTS = { "reset_before", "reset_in", "reset_after", "reset_idle", "stall", "trickle", "refuse" }

--- How much the resident memory may grow after the first tenth of the calls: the larger of the two.
local GROWTH_SHARE, GROWTH_KIB = 0.1, 2048

--- Descriptors that a client may have beside its connections: those that wake libcurl up.
local OTHER_DESCRIPTORS = 8

local SHOWN_PROBLEMS = 10
local problems = 0

local function check(is_so, ...)
  if is_so then
    return
  end
  problems = problems + 1
  if problems <= SHOWN_PROBLEMS then
    print("wrong: " .. string.format(...))
  end
end

local function resident()
  collectgarbage()
  collectgarbage()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmRSS:%s+(%d+) kB"
    if kib then
      return tonumber(kib)
    end
  end
end

--- Makes calls, CONCURRENCY at once, until there is no next one.
---@param next_job fun(): table? the method's name and arguments in an array
---@param collect fun(job: table, result, err, meta)
local function run(client, next_job, collect)
  local jobs, running = {}, 0
  local job = next_job()
  while job or running > 0 do
    while job and running < CONCURRENCY do
      jobs[assert(client:start(table.unpack(job)))] = job
      running, job = running + 1, next_job()
    end
    local finished = client:process()
    for _, call in ipairs(finished) do
      running = running - 1
      collect(jobs[call], call:result())
      jobs[call] = nil
    end
    if #finished == 0 then
      socket.sleep(0.001)
    end
  end
end

--- The customer of the n-th update, each of which has one of its own.
local function customer(n)
  return ("%08x-4f89-41d3-9a0c-0305e82c3301"):format(n)
end

local UPDATES = (CALLS + 1) // 2
local failed_updates = {} -- by number
local updated -- a customer whose update succeeded

--- The calls between the updates, and what their results have to be.
local READS = {
  { "get_qualifications", is_right = function(list) return #list == 1 end },
  { "get_customer", is_right = function(found, id) return found.id == id end },
  { "get_validation_codes", without_customer = true, is_right = function(codes) return #codes > 0 end },
}

local function update(n)
  return {
    "update_qualification", customer(n), "Education", { education_segment = "K12", website = "example.edu" },
    number = n, is_right = function(result) return result.vettingStatus == "InReview" end,
  }
end

local function read(n)
  local row = updated and READS[n % #READS + 1] or READS[#READS]
  return { row[1], not row.without_customer and updated or nil, is_right = row.is_right }
end

local function jobs_of_the_run()
  local begun = 0
  return function()
    begun = begun + 1
    if begun <= CALLS then
      return begun % 2 == 1 and update((begun + 1) // 2) or read(begun // 2)
    end
  end
end

local tally = { done = 0, succeeded = 0, retries = 0, most_attempts = 0, failed = { network = 0, timeout = 0 } }
local early -- what was measured after the first tenth

local function collect_success(job, result)
  tally.succeeded = tally.succeeded + 1
  check(job.is_right(result, job[2]), "the result of %s", job[1])
  updated = job.number and job[2] or updated
end

local function collect_failure(job, err)
  check(tally.failed[err.category] and err.retryable and err.attempts >= 1
    and #(err.request_id or "") == 36, "the error of %s: %s", job[1], tostring(err))
  tally.failed[err.category] = (tally.failed[err.category] or 0) + 1
  if job.number then
    failed_updates[job.number] = true
  end
end

local function collect(job, result, err, meta)
  if err then
    collect_failure(job, err)
  else
    collect_success(job, result)
  end
  tally.done = tally.done + 1
  tally.retries = tally.retries + math.max(meta.attempts - 1, 0)
  tally.most_attempts = math.max(tally.most_attempts, meta.attempts)
  if tally.done == CALLS // 10 then
    early = { memory = resident(), descriptors = files.descriptors() }
  end
end

--- Asks the sandbox, past the proxy, for the effects of every update.
local function check_effects(options)
  local direct = assert(partnercenter.new(options))
  local n = 0
  run(direct, function()
    n = n + 1
    return n <= UPDATES and { "get_qualifications", customer(n), number = n } or nil
  end, function(job, list, err)
    local least = failed_updates[job.number] and 0 or 1
    check(list and #list >= least and #list <= 1, "the update of %s has %s effects", job[2], list and #list or tostring(err))
  end)
  direct:close()
end

local function check_counts(counts)
  for _, fault in ipairs(FAULTS) do
    check(counts[fault] > 0, "there was no %s", fault)
  end
  check(counts.broken == 0, "the proxy could not carry %d requests", counts.broken)
end

local function check_growth(before, late, left)
  local allowed = math.max(early.memory * GROWTH_SHARE, GROWTH_KIB)
  check(late.memory - early.memory <= allowed, "the memory grew from %d KiB to %d", early.memory, late.memory)
  for _, sample in ipairs { early, late } do
    check(sample.descriptors - before <= CONCURRENCY + OTHER_DESCRIPTORS, "%d descriptors", sample.descriptors - before)
  end
  check(left == before, "%d descriptors are left", left - before)
end

local function report(counts, before, late, seconds)
  print(("%d calls in %.1f s (seed %d): %d succeeded, %d network failures, %d timeouts")
    :format(tally.done, seconds, SEED, tally.succeeded, tally.failed.network, tally.failed.timeout))
  print(("%d requests were repetitions; %d the most for one call"):format(tally.retries, tally.most_attempts))
  local injected = {}
  for i, fault in ipairs(FAULTS) do
    injected[i] = ("%s %d"):format(fault, counts[fault])
  end
  print(("%d requests through the proxy: %s"):format(counts.requests, table.concat(injected, ", ")))
  print(("memory: %d KiB after a tenth, %d KiB at the end; descriptors: %d and %d")
    :format(early.memory, late.memory, early.descriptors - before, late.descriptors - before))
end

local function start_proxy(options)
  local settings = { seed = SEED }
  for _, fault in ipairs(FAULTS) do
    settings[fault] = SHARE
  end
  return servers.fault_proxy(tonumber(options.base_url:match ":(%d+)$"), settings)
end

--- The options of the client that suffers: those of the other, but through the proxy.
local function options_through(proxy, options)
  local all = { timeout = 0.5, deadline = 60, max_connections = CONCURRENCY }
  for name, value in pairs(options) do
    all[name] = value
  end
  all.base_url = proxy.url
  return all
end

local options = servers.sandbox_process(os.getenv "LUA" or "lua5.4")
local proxy = start_proxy(options)
local before = files.descriptors()
local client = assert(partnercenter.new(options_through(proxy, options)))
local begun = socket.gettime()
run(client, jobs_of_the_run(), collect)
local seconds = socket.gettime() - begun
local late = { memory = resident(), descriptors = files.descriptors() }
client:close()
local left = files.descriptors()
local counts = proxy.counts()
report(counts, before, late, seconds)
check_counts(counts)
check_growth(before, late, left)
check_effects(options)
print(problems == 0 and "nothing is wrong" or problems .. " things are wrong")
os.exit(problems == 0, true)
