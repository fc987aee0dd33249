-- SPDX-License-Identifier: MIT
--- Retries, throttling and deadlines, with a clock that jumps ahead instead of waiting.
local access = require "tests.support.access"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

local server, client

local function new_client(options)
  local all = access.options(server)
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  client = assert(core.client(all))
end

before_each(function()
  server = assert(sandbox.start { vetting_time = 3600 })
  new_client()
end)

after_each(function()
  client:close()
  server:stop()
end)

local function begin(...)
  local call = assert(client:prepare(...))
  client:submit(call)
  return call
end

--- Moves the call on until it is neither on the wire nor about to be. Without waiting, or a short pause might end in
--- the same step in which it has begun.
local function settle(call)
  repeat
    client:drive(call, 0)
    local state = client:state(call)
  until state == "paused" or state == "done"
  return client:state(call)
end

--- Goes through every pause of the call; returns how many there were.
local function skip_pauses(call)
  local pauses = 0
  while settle(call) == "paused" do
    pauses = pauses + 1
    core.advance(20)
  end
  return pauses
end

describe("a failed attempt", function()
  for _, status in ipairs { 408, 429, 500, 502, 503, 504 } do
    it("with status " .. status .. " is repeated, three times unless told otherwise", function()
      server:fail { status = status, times = 10 }
      local call = begin("get_qualifications", CUSTOMER)
      assert.equal(3, skip_pauses(call))
      local result, err, meta = client:result(call)
      assert.is_nil(result)
      assert.equal(status, err.status)
      assert.is_true(err.retryable)
      assert.equal(4, err.attempts)
      assert.equal(4, meta.attempts)
      assert.equal(4, #access.service_requests(server))
    end)
  end

  for _, status in ipairs { 301, 400, 401, 403, 404, 405, 406, 409, 412, 501 } do
    it("with status " .. status .. " is not repeated", function()
      server:fail { status = status }
      local call = begin("get_qualifications", CUSTOMER)
      assert.equal("done", settle(call))
      assert.equal(status, select(2, client:result(call)).status)
      assert.equal(1, #access.service_requests(server))
    end)
  end

  it("that is a success of another shape is not repeated", function()
    server:fail { status = 200, body = "null" }
    local call = begin("get_qualifications", CUSTOMER)
    assert.equal("done", settle(call))
    assert.equal("response_parsing", select(2, client:result(call)).category)
  end)

  it("carries the same two ids each time, and succeeds in the end", function()
    server:fail { status = 503, times = 2 }
    local call = begin("update_qualification", CUSTOMER, "Education")
    assert.equal(2, skip_pauses(call))
    local result, err, meta = client:result(call)
    assert.is_nil(err)
    assert.equal("InReview", result.vettingStatus)
    assert.equal(3, meta.attempts)
    local requests = access.service_requests(server)
    assert.equal(3, #requests)
    for _, request in ipairs(requests) do
      assert.equal(meta.request_id, request.headers["MS-RequestId"])
      assert.equal(meta.correlation_id, request.headers["MS-CorrelationId"])
      assert.equal(requests[1].body, request.body)
    end
  end)

  it("is repeated as often as the call or the client says", function()
    server:fail { status = 503, times = 100 }
    local call = begin("get_qualifications", CUSTOMER, { max_retries = 0 })
    assert.equal(0, skip_pauses(call))
    call = begin("get_qualifications", CUSTOMER, { max_retries = 5 })
    assert.equal(5, skip_pauses(call))
    client:close()
    new_client { max_retries = 1 }
    call = begin("get_qualifications", CUSTOMER)
    assert.equal(1, skip_pauses(call))
  end)

  it("for want of a connection, or by a reset, is repeated", function()
    local raw = servers.raw()
    client:close()
    for scenario, sent in pairs { reset = 4, nothing = 4, cut = 4 } do
      new_client { base_url = raw.url(scenario), max_connections = 1 }
      local call = begin("update_qualification", CUSTOMER, "Education")
      assert.equal(3, skip_pauses(call))
      local _, err = client:result(call)
      assert.equal("network", err.category)
      assert.equal(sent, err.attempts)
      client:close()
    end
    raw.stop()
    new_client { base_url = "http://127.0.0.1:" .. servers.free_port() }
    local call = begin("get_qualifications", CUSTOMER)
    assert.equal(3, skip_pauses(call))
    assert.equal("network", select(2, client:result(call)).category)
  end)
end)

describe("Retry-After", function()
  it("is waited for to the end", function()
    server:fail { status = 503, headers = { ["Retry-After"] = "40" } }
    local call = begin("get_qualifications", CUSTOMER)
    assert.equal("paused", settle(call))
    core.advance(30)
    client:drive(call, 0)
    assert.equal("paused", client:state(call))
    core.advance(10)
    assert.equal("done", settle(call))
    assert.same({}, (client:result(call)))
    assert.equal(2, #access.service_requests(server))
  end)

  it("longer than max_retry_after is the error, at once", function()
    for _, row in ipairs { { 121, {} }, { 11, { max_retry_after = 10 } }, { 1, { max_retry_after = 0 } } } do
      client:close()
      new_client(row[2])
      server:fail { status = 503, headers = { ["Retry-After"] = tostring(row[1]) } }
      local call = begin("get_qualifications", CUSTOMER)
      assert.equal("done", settle(call))
      local _, err = client:result(call)
      assert.equal("server_busy", err.category)
      assert.equal(row[1], err.retry_after)
      assert.equal(1, err.attempts)
    end
  end)

  it("that would end after the deadline is the error, at once", function()
    server:fail { status = 503, headers = { ["Retry-After"] = "60" } }
    local call = begin("get_qualifications", CUSTOMER, { deadline = 59 })
    assert.equal("done", settle(call))
    assert.equal(60, select(2, client:result(call)).retry_after)
  end)
end)

describe("a 429", function()
  it("holds back all calls of the client, and no longer than it says", function()
    server:fail { status = 429, headers = { ["Retry-After"] = "30" } }
    local first = begin("get_qualifications", CUSTOMER)
    assert.equal("paused", settle(first))
    local second = begin("get_qualifications", CUSTOMER)
    core.advance(29)
    client:drive(second, 0.01)
    assert.equal("queued", client:state(second))
    assert.equal(1, #access.service_requests(server))
    core.advance(1)
    assert.equal("done", settle(first))
    assert.equal("done", settle(second))
    assert.same({}, (client:result(first)))
    assert.same({}, (client:result(second)))
    assert.equal(3, #access.service_requests(server))
  end)

  it("refuses the calls that may not wait so long, and sends nothing", function()
    server:fail { status = 429, headers = { ["Retry-After"] = "30" } }
    local first = begin("get_qualifications", CUSTOMER)
    local queued = assert(client:prepare("get_qualifications", CUSTOMER, { deadline = 20 }))
    assert.equal("paused", settle(first))
    client:submit(queued)
    assert.equal("done", client:state(queued))
    local result, err, meta = client:result(queued)
    assert.is_nil(result)
    assert.equal("too_many_requests", err.category)
    assert.is_true(err.retry_after > 29 and err.retry_after <= 30)
    assert.is_true(err.retryable)
    assert.is_nil(err.status)
    assert.equal(0, err.attempts)
    assert.equal(0, meta.attempts)
    assert.equal(1, #access.service_requests(server))
  end)

  it("of a client does not hold back another", function()
    server:fail { status = 429, headers = { ["Retry-After"] = "1000" } }
    local call = begin("get_qualifications", CUSTOMER)
    assert.equal("done", settle(call))
    local other = assert(partnercenter.new(access.options(server)))
    assert(other:get_qualifications(CUSTOMER))
    other:close()
    local _, err = client:result(begin("get_qualifications", CUSTOMER))
    assert.equal("too_many_requests", err.category)
  end)
end)

describe("the retry budget", function()
  it("makes an outage fail fast, and comes back with successes", function()
    server:fail { status = 500, times = 1000 }
    local retries = 0
    for _ = 1, 34 do
      retries = retries + skip_pauses(begin("get_qualifications", CUSTOMER))
    end
    assert.equal(100, retries) -- 500, at 5 a retry
    assert.equal(0, skip_pauses(begin("get_qualifications", CUSTOMER)))
    client:close()
    new_client()
    server:stop()
    server = assert(sandbox.start())
  end)

  it("gets back what the retries of a success cost", function()
    for _ = 1, 50 do
      server:fail { status = 500, times = 3 }
      assert.equal(3, skip_pauses(begin("get_qualifications", CUSTOMER)))
    end
  end)
end)

describe("the deadline", function()
  it("ends a call that waits for a connection", function()
    local slow = assert(sandbox.start())
    client:close()
    local options = access.options(slow)
    slow:fail { delay = 3600, times = 2 }
    options.max_connections = 1
    new_client(options)
    local first = begin("get_qualifications", CUSTOMER, { timeout = 3600, deadline = 3600 })
    local second = begin("get_qualifications", CUSTOMER, { deadline = 100 })
    client:drive(second, 0)
    assert.equal("queued", client:state(second))
    core.advance(100)
    assert.equal("done", settle(second))
    local _, err, meta = client:result(second)
    assert.equal("timeout", err.category)
    assert.matches("the deadline passed while the call waited for a connection", err.message)
    assert.equal(0, meta.attempts)
    client:cancel(first)
    client:close()
    slow:stop()
  end)

  it("ends a pause no later", function()
    server:fail { status = 503, times = 100 }
    local call = begin("get_qualifications", CUSTOMER, { max_retries = 1000, deadline = 60 })
    while settle(call) == "paused" do
      core.advance(1)
    end
    local _, err, meta = client:result(call)
    assert.equal("server_busy", err.category)
    assert.is_true(meta.elapsed < 61)
  end)

  it("that passes during a pause leaves the last answer", function()
    server:fail { status = 503, headers = { ["Retry-After"] = "50" } }
    local call = begin("get_qualifications", CUSTOMER, { deadline = 60 })
    assert.equal("paused", settle(call))
    core.advance(3600)
    assert.equal("done", settle(call))
    local _, err = client:result(call)
    assert.equal("server_busy", err.category)
    assert.equal(1, err.attempts)
    assert.equal(1, #access.service_requests(server))
  end)

  it("of a page counts from when the loop asks for it", function()
    local patient = assert(partnercenter.new(access.options(server)))
    local iterator = patient:customers { page_size = 1, deadline = 60 }
    for _ = 1, 3 do
      core.advance(3600)
      assert.is_table((iterator()))
    end
    assert.is_nil((iterator()))
    patient:close()
  end)

  it("bounds an attempt in real time", function()
    local raw = servers.raw()
    local other = assert(partnercenter.new { base_url = raw.url "stall", access_token = "token", deadline = 0.3 })
    local _, err, meta = other:get_qualifications(CUSTOMER)
    assert.equal("timeout", err.category)
    assert.equal(1, meta.attempts)
    assert.is_true(meta.elapsed > 0.29) -- libcurl may count on a clock that runs a trace faster
    other:close()
    raw.stop()
  end)
end)

describe("an update whose answer was lost", function()
  it("is repeated with its request id and takes effect once", function()
    server:fail { delay = 3600 }
    local call = begin("update_qualification", CUSTOMER, "Education", { timeout = 1, max_retries = 20 })
    assert.is_true(skip_pauses(call) >= 1)
    local result, err, meta = client:result(call)
    assert.is_nil(err)
    assert.equal("InReview", result.vettingStatus)
    assert.is_true(meta.attempts >= 2)
    local list = begin("get_qualifications", CUSTOMER)
    assert.equal("done", settle(list))
    assert.equal(1, #client:result(list))
  end)
end)
