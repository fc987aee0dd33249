-- SPDX-License-Identifier: MIT
--- When a run makes its calls, with a clock that jumps ahead instead of waiting.
local core = require "partnercenter.core"
local items = require "tests.support.items"
local jump = require "tests.support.jump"
local make = require "tests.support.made"

local IN_REVIEW = '[{"qualification":"Education","vettingStatus":"InReview"}]'
local APPROVED = '[{"qualification":"Education","vettingStatus":"Approved"}]'

local listener
local made = make.each(before_each, after_each, { vetting_time = 3600 }, function()
  listener = jump.listener()
  return { on_event = listener.on_event }
end)

local function run(source, options, step)
  local begun = core.now()
  local summary, err = jump.run(made.client:start("update_qualifications", source, options), listener, step or 1)
  return summary, core.now() - begun, err
end

describe("the throttle", function()
  it("pauses a run however long, and fails nothing that was not sent", function()
    made.server:fail { status = 429, headers = { ["Retry-After"] = "3000" } }
    local errors = {}
    local summary, elapsed = run(items.array(10), { concurrency = 1, deadline = 20, on_result = function(item, _, err)
      errors[#errors + 1] = err and item.note.n .. " " .. err.category
    end }, 10)
    assert.equal(9, summary.succeeded)
    assert.same({ "1 too_many_requests" }, errors)
    assert.is_true(elapsed >= 3000 and elapsed < 3200, elapsed)
  end)

  it("is waited for by items that are begun already, whose deadline does not run", function()
    made.server:fail { status = 429, headers = { ["Retry-After"] = "100" } }
    local summary = run(items.array(10), { concurrency = 10, deadline = 50 }, 5)
    assert.equal(10, summary.succeeded + summary.failed)
    assert.is_true(summary.succeeded >= 9)
    assert.equal(10, #items.updates(made.server) - (summary.failed == 0 and 1 or 0))
  end)

  it("lets what it refused go on within its deadline", function()
    made.server:fail { status = 429, headers = { ["Retry-After"] = "100" }, times = 3 }
    local summary, elapsed = run(items.array(10), { concurrency = 3 }, 5)
    assert.equal(10, summary.succeeded)
    assert.is_true(elapsed >= 100 and elapsed < 200)
  end)
end)

describe("a deadline", function()
  it("is of each item, and begins when it is sent", function()
    made.server:fail { delay = 3600, times = 1 }
    local call = made.client:start("update_qualifications", items.array(3), { concurrency = 1, deadline = 100, timeout = 100,
      max_retries = 0 })
    jump.run(call, listener, 1, function() return #items.updates(made.server) == 1 end)
    core.advance(99)
    assert.is_false(call:done())
    core.advance(1.1)
    local summary = call:result()
    assert.equal(2, summary.succeeded)
    assert.equal(1, summary.failed)
  end)
end)

--- The schedule of a run that waits, with and without a journal.
local function describe_waiting(journal)
  local path

  after_each(function()
    if path then
      os.execute(("rm -f %s %s-wal %s-shm"):format(path, path, path))
    end
  end)

  local function options(changes)
    path = journal and os.tmpname()
    changes.wait, changes.journal = true, path or nil
    return changes
  end

  it("asks as wait_for_vetting does", function()
    local answers = { IN_REVIEW, IN_REVIEW, IN_REVIEW, IN_REVIEW, APPROVED }
    local call = made.client:start("update_qualifications", items.array(1), options { interval = 100, max_interval = 300 })
    jump.run(call, listener, 2, function() return #listener.times == 1 and listener.on_wire == 0 end)
    for _, body in ipairs(answers) do
      made.server:fail { status = 200, body = body }
    end
    local summary = jump.run(call, listener, 2)
    assert.equal(1, summary.succeeded)
    jump.near({ 0, 100, 250, 475, 775, 1075 }, listener.times, 15)
  end)

  it("gives up an item after its wait_timeout, and no other", function()
    local summary, elapsed, err = run(items.array(3), options { interval = 60, wait_timeout = 1000 }, 5)
    assert.is_nil(err)
    assert.equal(3, summary.failed)
    assert.is_true(elapsed >= 1000 and elapsed < 1030, elapsed)
  end)
end

describe("a run that waits", function()
  describe_waiting(false)
end)

describe("a run that waits, with a journal,", function()
  describe_waiting(true)

  it("asks once more when it is continued after the time of a wait", function()
    local path = os.tmpname()
    local waiting = { wait = true, interval = 100, wait_timeout = 1000, journal = path }
    local call = made.client:start("update_qualifications", items.array(2), waiting)
    jump.run(call, listener, 5, function()
      return #listener.times == 4 and listener.on_wire == 0
    end)
    call:cancel()
    call:result()
    core.advance(5000)
    made.server:fail { status = 200, body = APPROVED, path = items.customer(1) }
    made.server:fail { status = 200, body = IN_REVIEW, path = items.customer(2) }
    local results = {}
    waiting.on_result = function(item, _, err) results[item.note.n] = err and err.category or "none" end
    local summary, elapsed = run(items.array(2), waiting, 5)
    assert.same({ "none", "timeout" }, results)
    assert.equal(1, summary.succeeded)
    assert.is_true(elapsed < 60, elapsed)
    assert.equal(2, #items.updates(made.server))
    os.execute(("rm -f %s %s-wal %s-shm"):format(path, path, path))
  end)

  it("keeps the schedule when it is continued", function()
    local path = os.tmpname()
    local first
    local call = made.client:start("update_qualifications", items.array(1),
      { wait = true, interval = 100, wait_timeout = 1000, journal = path })
    jump.run(call, listener, 5, function()
      first = first or #listener.times == 1 and core.now()
      return #listener.times == 4 and listener.on_wire == 0
    end)
    call:cancel()
    call:result()
    core.advance(200)
    local begun, results = core.now(), {}
    local summary = run(items.array(1), { wait = true, interval = 100, wait_timeout = 1000, journal = path,
      on_result = function(_, _, err) results[#results + 1] = err.category end }, 5)
    assert.equal(1, summary.failed)
    assert.same({ "timeout" }, results)
    assert.is_true(math.abs(core.now() - first - 1000) < 30, core.now() - first)
    assert.is_true(begun < core.now())
    os.execute(("rm -f %s %s-wal %s-shm"):format(path, path, path))
  end)
end)
