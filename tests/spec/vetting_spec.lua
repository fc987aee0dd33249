-- SPDX-License-Identifier: MIT
--- What `wait_for_vetting` waits for, and how it ends.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local QUICK = 0.02
local IN_REVIEW = '[{"qualification":"Education","vettingStatus":"InReview"}]'

local server, client

before_each(function()
  server = assert(sandbox.start { vetting_time = 0 })
  client = assert(partnercenter.new(access.options(server)))
end)

after_each(function()
  client:close()
  server:stop()
end)

--- What the next polls are answered, instead of the decision, which there is at once.
local function answer(body, times)
  server:fail { status = 200, body = body, times = times or 1, path = "/qualifications" }
end

local function wait(options)
  options = options or {}
  options.interval = QUICK
  return client:wait_for_vetting(CUSTOMER, options)
end

describe("wait_for_vetting", function()
  it("returns the qualification once it is approved, and tells of each poll", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    answer(IN_REVIEW, 2)
    local seen = {}
    local result, err, meta = wait { on_poll = function(qualification) seen[#seen + 1] = qualification.vettingStatus end }
    assert.is_nil(err)
    assert.equal("Education", result.qualification)
    assert.equal("Approved", result.vettingStatus)
    assert.is_string(result.vettingCreateDate)
    assert.same({ "InReview", "InReview", "Approved" }, seen)
    assert.equal(3, meta.attempts)
    assert.equal(200, meta.status)
  end)

  it("returns one that is denied, with the reason", function()
    assert(client:update_qualification(CUSTOMER, "Education", { website = "denied.example.edu" }))
    answer(IN_REVIEW)
    local result = assert(wait())
    assert.equal("Denied", result.vettingStatus)
    assert.equal("Not an Education Customer", result.vettingReason)
  end)

  it("follows the newest, or the one that is named", function()
    local list = '[{"qualification":"StateOwnedEntity","vettingStatus":"Approved",'
      .. '"vettingCreatedDate":"2021-02-01T00:00:00.5Z"},'
      .. '{"qualification":"Education","vettingStatus":"Denied","vettingCreateDate":"2021-02-01T00:00:00Z"},'
      .. '{"qualification":"None"}]'
    for name, expected in pairs { [1] = "Education", education = "Education", StateOwnedEntity = "StateOwnedEntity" } do
      answer(list)
      assert.equal(expected, assert(wait { qualification = name }).qualification)
    end
    answer(list)
    assert.equal("StateOwnedEntity", assert(wait()).qualification)
  end)

  it("gives a customer without a qualification a second chance, and no third", function()
    local result, err = wait()
    assert.is_nil(result)
    assert.equal("not_found", err.category)
    assert.equal(2, err.attempts)
    answer "[]"
    answer '[{"qualification":"Education","vettingStatus":"Approved"}]'
    assert.equal("Approved", assert(wait()).vettingStatus)
    answer('[{"qualification":"Education","vettingStatus":"Approved"}]', 2)
    assert.equal("not_found", select(2, wait { qualification = "StateOwnedEntity" }).category)
  end)

  it("ends with what cannot get better", function()
    server:fail { status = 404 }
    local result, err, meta = wait()
    assert.is_nil(result)
    assert.equal("not_found", err.category)
    assert.equal(404, err.status)
    assert.equal(1, meta.attempts)
  end)

  it("has the request id that was given for its first poll alone", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    local id, correlation = "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666"
    answer(IN_REVIEW)
    assert(wait { request_id = id, correlation_id = correlation })
    local requests = access.service_requests(server)
    assert.equal(3, #requests)
    assert.equal(id, requests[2].headers["MS-RequestId"])
    assert.not_equal(id, requests[3].headers["MS-RequestId"])
    assert.equal(correlation, requests[3].headers["MS-CorrelationId"])
  end)

  it("ends when on_poll raises, with what it raised", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    local raised = { "enough" }
    local result, err = wait { on_poll = function() error(raised) end }
    assert.is_nil(result)
    assert.equal("callback", err.category)
    assert.equal(raised, err.cause)
    assert.matches("on_poll", tostring(err))
  end)

  it("may make calls in on_poll, and close the client there", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    local other
    answer(IN_REVIEW)
    assert(wait { on_poll = function() other = assert(client:get_customer(CUSTOMER)) end })
    assert.is_table(other)
    answer(IN_REVIEW)
    local result, err = client:wait_for_vetting(CUSTOMER, { interval = 60, on_poll = function() client:close() end })
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
  end)

  it("does not hold up others when it is started", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    local is_let_end
    answer(IN_REVIEW)
    local call = client:start("wait_for_vetting", CUSTOMER, { interval = QUICK, on_poll = function()
      if not is_let_end then
        answer(IN_REVIEW)
      end
    end })
    assert(client:get_customer(CUSTOMER))
    assert.is_false(call:done())
    is_let_end = true
    assert.equal("Approved", assert(call:result()).vettingStatus)
  end)

  it("refuses bad data, and sends nothing", function()
    local cases = {
      { { qualification = "Nonsense" }, "qualification" }, { { timeout = 0 }, "timeout" }, { { interval = -1 }, "interval" },
      { { max_interval = 1e12 }, "max_interval" }, { { request_id = "x" }, "request_id" },
    }
    for _, case in ipairs(cases) do
      local result, err, meta = client:wait_for_vetting(CUSTOMER, case[1])
      assert.is_nil(result)
      assert.equal("bad_input", err.category)
      assert.matches(case[2], err.message)
      assert.equal(0, meta.attempts)
    end
    assert.equal("bad_input", select(2, client:wait_for_vetting("no GUID")).category)
    assert.equal(0, #access.service_requests(server))
  end)

  it("raises for programming mistakes, at the caller's line", function()
    local function raised(...)
      local ok, message = pcall(...)
      assert.is_false(ok)
      return message
    end
    local here = "vetting_spec.lua:%d+: "
    assert.matches(here .. "unknown option 'colour'",
      raised(function() client:wait_for_vetting(CUSTOMER, { colour = 1 }) end))
    assert.matches(here .. "bad option 'timeout'",
      raised(function() client:wait_for_vetting(CUSTOMER, { timeout = "1" }) end))
    assert.matches(here .. "bad argument", raised(function() client:wait_for_vetting(42) end))
    assert.matches(here .. "bad option 'max_retries'",
      raised(function() client:wait_for_vetting(CUSTOMER, { max_retries = true }) end))
    client:close()
    assert.matches(here .. "the client is closed", raised(function() client:wait_for_vetting(CUSTOMER) end))
  end)
end)
