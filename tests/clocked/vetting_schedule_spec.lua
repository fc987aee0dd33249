-- SPDX-License-Identifier: MIT
--- When `wait_for_vetting` asks, with a clock that jumps ahead instead of waiting.
local core = require "partnercenter.core"
local jump = require "tests.support.jump"
local make = require "tests.support.made"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local STEP = 0.5
local IN_REVIEW = '[{"qualification":"Education","vettingStatus":"InReview","vettingCreateDate":"2020-12-04T20:54:24Z"}]'
local APPROVED = IN_REVIEW:gsub("InReview", "Approved")

local listener
local made = make.each(before_each, after_each, { vetting_time = 3600 }, function()
  listener = jump.listener()
  return { on_event = listener.on_event }
end)

local function answer(body, times)
  made.server:fail { status = 200, body = body, times = times or 1, path = "/qualifications" }
end

--- Waits until the end; returns the seconds that it took and what was returned.
local function wait(options, step)
  local begun = core.now()
  local result, err, meta = jump.run(made.client:start("wait_for_vetting", CUSTOMER, options), listener, step or STEP)
  return core.now() - begun, result, err, meta
end

describe("wait_for_vetting", function()
  it("asks at once, after a minute, and then ever less often, up to once an hour", function()
    answer(IN_REVIEW, 14)
    answer(APPROVED)
    local elapsed, result, err, meta = wait(nil, 5)
    assert.is_nil(err)
    assert.equal("Approved", result.vettingStatus)
    local expected, pause = { 0 }, 60
    for i = 1, 14 do
      expected[i + 1] = listener.times[i] + pause
      pause = math.min(pause * 1.5, 3600)
    end
    assert.equal(3600, pause)
    jump.near(expected, listener.times, 6)
    assert.equal(15, meta.attempts)
    assert.is_true(math.abs(meta.elapsed - elapsed) < 1)
  end)

  it("takes the pauses from its options", function()
    answer(IN_REVIEW, 5)
    answer(APPROVED)
    wait { interval = 10, max_interval = 20 }
    jump.near({ 0, 10, 25, 45, 65, 85 }, listener.times, 3)
  end)

  it("ends at its timeout, neither before nor later, with the last answer", function()
    answer(IN_REVIEW, 10)
    local elapsed, result, err, meta = wait { timeout = 100 }
    assert.is_nil(result)
    assert.equal("timeout", err.category)
    assert.is_true(err.retryable)
    assert.equal("InReview", err.qualification.vettingStatus)
    assert.equal(2, err.attempts)
    assert.equal(2, meta.attempts)
    assert.is_true(elapsed >= 100 and elapsed < 101, elapsed)
    jump.near({ 0, 60 }, listener.times, 1)
  end)

  it("does not wait for an answer beyond its timeout", function()
    answer(IN_REVIEW)
    made.server:fail { delay = 3600, times = 10 }
    local begun = core.now()
    local call = made.client:start("wait_for_vetting", CUSTOMER, { timeout = 70, max_retries = 0 })
    jump.run(call, listener, STEP, function() return #listener.times == 2 end)
    core.advance(9)
    assert.is_false(call:done())
    core.advance(1.1)
    local _, err = call:result()
    assert.equal("timeout", err.category)
    assert.equal("InReview", err.qualification.vettingStatus)
    assert.is_true(core.now() - begun < 72)
  end)

  it("goes on after a poll that failed for a while, and respects a Retry-After", function()
    answer(IN_REVIEW)
    made.server:fail { status = 503, headers = { ["Retry-After"] = "500" } }
    made.server:fail { status = 429, headers = { ["Retry-After"] = "1000" } }
    answer(APPROVED)
    local _, result = wait { max_retries = 0 }
    assert.equal("Approved", result.vettingStatus)
    jump.near({ 0, 60, 560, 1560 }, listener.times, 3)
  end)

  it("that is cancelled in a pause ends at once", function()
    answer(IN_REVIEW, 10)
    local call = made.client:start("wait_for_vetting", CUSTOMER)
    jump.run(call, listener, STEP, function() return #listener.times == 2 end)
    call:cancel()
    local result, err = call:result()
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
  end)
end)
