-- SPDX-License-Identifier: MIT
--- What a client makes of each thing that networks do, with the sandbox behind the fault proxy; and
--- that the proxy does those things.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local OTHER = "3f2504e0-4f89-41d3-9a0c-0305e82c3302"
local PATH = "/v1/customers/" .. CUSTOMER .. "/qualifications"

--- Where an attempt ends in a failure: its category, its message, and how often the service saw it.
local FAILURES = {
  reset_before = { category = "network", message = "reset by peer", seen = 0 },
  reset_in = { category = "network", message = "reset by peer", seen = 1 },
  reset_after = { category = "network", message = "reset by peer", seen = 1 },
  stall = { category = "timeout", message = "timed out", seen = 1 },
  refuse = { category = "network", message = "Empty reply", seen = 0 },
}

local server, proxy, client

before_each(function()
  server = assert(sandbox.start { vetting_time = 3600 })
end)

local function stop_proxy()
  if proxy then
    proxy.stop()
  end
  proxy = nil
end

after_each(function()
  if client then
    client:close()
  end
  client = nil
  stop_proxy()
  server:stop()
end)

local function options_of_client()
  return access.options(server)
end

--- Puts a proxy in front of the sandbox.
local function start_proxy(settings)
  proxy = servers.fault_proxy(tonumber(server:base_url():match ":(%d+)$"), settings)
end

--- Makes a client whose first request suffers the fault.
local function start_client(fault, options)
  start_proxy { [fault] = 1, first = 1 }
  local all = options_of_client()
  all.base_url = proxy.url
  all.timeout = options.timeout
  all.max_retries = options.max_retries
  client = assert(partnercenter.new(all))
end

--- The qualifications of the customer, asked without the proxy.
local function effects(customer_id)
  local direct = assert(partnercenter.new(options_of_client()))
  local list = assert(direct:get_qualifications(customer_id))
  direct:close()
  return #list
end

describe("an update that suffers", function()
  for fault, row in pairs(FAILURES) do
    it(fault .. " reports it when it may not be repeated", function()
      start_client(fault, { timeout = 0.3, max_retries = 0 })
      local result, err, meta = client:update_qualification(CUSTOMER, "Education")
      assert.is_nil(result)
      assert.equal(row.category, err.category)
      assert.matches(row.message, err.message)
      assert.is_true(err.retryable)
      assert.equal(1, err.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.equal(row.seen, #access.service_requests(server))
      assert.equal(row.seen, effects(CUSTOMER))
      assert.equal(1, proxy.counts()[fault])
    end)

    it(fault .. " is repeated with the same request id and takes effect once", function()
      start_client(fault, { timeout = 0.3, max_retries = 1 })
      local result, err, meta = client:update_qualification(CUSTOMER, "Education")
      assert.is_nil(err)
      assert.equal("InReview", result.vettingStatus)
      assert.equal(2, meta.attempts)
      local requests = access.service_requests(server)
      assert.equal(row.seen + 1, #requests)
      for _, request in ipairs(requests) do
        assert.equal("POST", request.method)
        assert.equal(meta.request_id, request.headers["MS-RequestId"])
      end
      assert.equal(1, effects(CUSTOMER))
    end)
  end

  it("trickle succeeds", function()
    start_client("trickle", { max_retries = 0 })
    local result, _, meta = client:update_qualification(CUSTOMER, "Education")
    assert.equal("InReview", result.vettingStatus)
    assert.equal(1, meta.attempts)
    assert.equal(1, proxy.counts().trickle)
  end)

  it("reset_idle succeeds, and so does the next one, which finds a dead connection", function()
    start_client("reset_idle", { max_retries = 1 })
    assert(client:update_qualification(CUSTOMER, "Education"))
    assert.equal(1, proxy.counts().reset_idle)
    assert(client:update_qualification(OTHER, "Education"))
    assert.equal(2, #access.service_requests(server))
  end)
end)

describe("a kept connection that turns out to be dead", function()
  it("is a network failure where the request may not be sent again", function()
    start_client("reset_idle", { max_retries = 0 })
    assert(client:update_qualification(CUSTOMER, "Education"))
    local _, err, meta = client:update_qualification(OTHER, "Education")
    if err then -- it may have been seen to be dead before the request was sent
      assert.equal("network", err.category)
      assert.is_true(err.retryable)
    end
    assert.equal(1, meta.attempts)
  end)
end)

describe("the fault proxy", function()
  --- Sends a request over a plain socket; returns all that comes back.
  local function ask(path)
    local connection = assert(socket.connect("127.0.0.1", proxy.port))
    connection:settimeout(0.2)
    assert(connection:send(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path)))
    local bytes, _, begun = connection:receive "*a"
    connection:close()
    return bytes or begun
  end

  it("begins the answer before reset_in, and does not before reset_after", function()
    for fault, pattern in pairs { reset_in = "^HTTP/1.1 401 .*\r\n\r\n{[^}]+$", reset_after = "^$" } do
      start_proxy { [fault] = 1, first = 1 }
      assert.matches(pattern, ask(PATH))
      assert.matches("}$", ask(PATH)) -- whole
      stop_proxy()
    end
  end)

  it("does the same again for the same seed, spares what it is told to, and stops after the first", function()
    local outcomes = {}
    for i = 1, 2 do
      start_proxy { refuse = 0.5, seed = 7, first = 12, spare = "/oauth2/" }
      local seen = {}
      for j = 1, 12 do
        assert.matches("^HTTP/1.1 ", ask "/oauth2/token")
        seen[j] = ask(PATH) == "" and "none" or "answer"
      end
      outcomes[i] = table.concat(seen, " ")
      assert.matches("^HTTP/1.1 ", ask(PATH))
      assert.equal(25, proxy.counts().requests)
      stop_proxy()
    end
    assert.matches("none", outcomes[1])
    assert.matches("answer", outcomes[1])
    assert.equal(outcomes[1], outcomes[2])
  end)

  it("carries chunked answers, and says loudly what it cannot carry", function()
    local raw = servers.raw()
    proxy = servers.fault_proxy(raw.port, {})
    assert.matches("\r\n\r\n11;name=value\r\n.*\r\n0\r\nTrailer: x\r\n\r\n$", ask "/chunked")
    for _, scenario in ipairs { "until_close", "cut", "cut_chunk", "reset", "nothing", "interim" } do
      assert.matches("^HTTP/1.1 502 .*fault_proxy: ", ask("/" .. scenario))
    end
    assert.equal(6, proxy.counts().broken)
    raw.stop()
  end)
end)
