-- SPDX-License-Identifier: MIT
--- Access tokens that the client gets from the token authority.
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local TOKEN_PATH = "/oauth2/token"

local server, client

--- Makes the client, with the sandbox's credentials and changes to them.
local function connect(changes)
  client = assert(partnercenter.new(access.credentials(server, changes)))
  return client
end

before_each(function()
  server = assert(sandbox.start())
end)

after_each(function()
  if client then
    client:close()
  end
  client = nil
  server:stop()
end)

--- How many requests have arrived: for tokens, and at the service.
local function arrived()
  return #access.token_requests(server), #access.service_requests(server)
end

local function assert_arrived(for_tokens, at_service)
  assert.same({ for_tokens, at_service }, { arrived() })
end

--- The forms of the requests for tokens.
local function forms()
  local list = {}
  for i, request in ipairs(access.token_requests(server)) do
    list[i] = access.decode(request.body)
  end
  return list
end

--- Lets the authority answer so, `times` times.
local function authority_answers(status, body, times, headers)
  server:fail { path = TOKEN_PATH, status = status, body = body, times = times, headers = headers }
end

--- An answer of the authority that holds a token which the service knows.
local function grant(fields)
  fields.token_type = "Bearer"
  fields.access_token = fields.access_token or access.token(server)
  return cjson.encode(fields)
end

--- Starts so many calls at once.
local function start(count, options)
  local calls = {}
  for i = 1, count do
    calls[i] = client:start("get_qualifications", CUSTOMER, options)
  end
  return calls
end

describe("credentials of App+User", function()
  it("ask for a token of the service itself, with the refresh token", function()
    connect()
    assert(client:update_qualification(CUSTOMER, "Education"))
    assert_arrived(1, 1)
    local options, request = server:client_options(), server:requests()[1]
    assert.equal("POST", request.method)
    assert.equal(("/%s/oauth2/token"):format(options.tenant_id), request.path)
    assert.equal("", request.query)
    assert.equal("application/x-www-form-urlencoded", request.headers["Content-Type"])
    assert.equal("application/json", request.headers.Accept)
    for _, name in ipairs { "Authorization", "MS-RequestId", "MS-CorrelationId" } do
      assert.is_nil(request.headers[name])
    end
    assert.same({
      grant_type = "refresh_token", resource = options.base_url, client_id = options.client_id,
      client_secret = options.client_secret, refresh_token = options.refresh_token, scope = "openid",
    }, access.decode(request.body))
  end)

  it("ask once while the token lives", function()
    connect()
    for _ = 1, 3 do
      local _, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(err)
      assert.equal(1, meta.attempts)
    end
    assert_arrived(1, 3)
    local requests = access.service_requests(server)
    assert.equal(requests[1].headers.Authorization, requests[3].headers.Authorization)
  end)

  it("ask for nothing before the first call, nor for one that is not valid", function()
    connect()
    local _, err = client:get_qualifications("nobody")
    assert.equal("bad_input", err.category)
    assert_arrived(0, 0)
  end)

  it("send every character of a secret as it is", function()
    local secret = "a&b=c+d %25;/?#\"'\\~caf\195\169"
    connect { client_secret = secret, refresh_token = secret .. "2" }
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("unauthorized", err.category)
    local form = forms()[1]
    assert.equal(secret, form.client_secret)
    assert.equal(secret .. "2", form.refresh_token)
    assert.is_nil(access.token_requests(server)[1].body:find("[^%w&=_%%.~-]"))
  end)
end)

describe("credentials of the app alone", function()
  before_each(function() connect { refresh_token = false } end)

  it("ask for a token of the app", function()
    assert(client:get_qualifications(CUSTOMER))
    local options = server:client_options()
    assert.same({
      grant_type = "client_credentials", resource = "https://graph.windows.net", client_id = options.client_id,
      client_secret = options.client_secret,
    }, forms()[1])
  end)

  it("can read", function()
    assert.same({}, (assert(client:get_qualifications(CUSTOMER))))
    assert.equal("None", assert(client:get_qualification(CUSTOMER)).qualification)
    assert.is_table(assert(client:get_validation_codes()))
    assert.equal(CUSTOMER, assert(client:get_customer(CUSTOMER)).id)
    local count = 0
    for customer, err in client:customers() do
      assert.is_nil(err)
      assert.is_table(customer)
      count = count + 1
    end
    assert.equal(3, count)
    assert_arrived(1, 5)
  end)

  for _, row in ipairs {
    { "update_qualification", "Education" }, { "update_qualification_sync", "Education" }, { "get_validation_status" },
  } do
    it("are forbidden " .. row[1], function()
      local result, err, meta = client[row[1]](client, CUSTOMER, row[2])
      assert.is_nil(result)
      assert.equal("forbidden", err.category)
      assert.equal(403, err.status)
      assert.equal("Forbidden", err.code)
      assert.matches("App%+User", err.message)
      assert.is_false(err.retryable)
      assert.equal(1, err.attempts)
      assert.equal(1, meta.attempts)
      assert_arrived(1, 1)
    end)
  end

  it("stay those of the app, whatever else the authority gives", function()
    authority_answers(200, grant { access_token = access.token(server, "app"), expires_in = 0, refresh_token = "gift" })
    assert(client:get_qualifications(CUSTOMER))
    assert(client:get_qualifications(CUSTOMER))
    local all = forms()
    assert.equal("client_credentials", all[#all].grant_type)
    assert.is_nil(all[#all].refresh_token)
  end)
end)

describe("the expiry of a token", function()
  local IN_AN_HOUR, AN_HOUR_AGO = os.time() + 3600, os.time() - 3600

  --- What the authority says, and how many tokens are asked for by three calls then.
  local rows = {
    { { expires_in = 3600 }, 1 },
    { { expires_in = "3600" }, 1 },
    { { expires_in = 3599.5 }, 1 },
    { { expires_on = IN_AN_HOUR }, 1 },
    { { expires_on = tostring(IN_AN_HOUR) }, 1 },
    { { expires_in = "3600", expires_on = tostring(AN_HOUR_AGO) }, 1 },
    { { expires_in = "soon", expires_on = tostring(IN_AN_HOUR) }, 1 },
    { { expires_in = cjson.null, expires_on = IN_AN_HOUR }, 1 },
    { { expires_in = -1, expires_on = IN_AN_HOUR }, 1 },
    { { expires_in = 0 }, 3 },
    { { expires_in = "0", expires_on = IN_AN_HOUR }, 3 },
    { { expires_on = AN_HOUR_AGO }, 3 },
    { { expires_in = "soon", expires_on = "tomorrow" }, 3 },
    { { expires_in = {}, expires_on = true }, 3 },
    { {}, 3 },
  }
  for _, row in ipairs(rows) do
    it(("is known from %s"):format(cjson.encode(row[1])), function()
      authority_answers(200, grant(row[1]), 3)
      connect()
      local before = arrived()
      for _ = 1, 3 do
        assert(client:get_qualifications(CUSTOMER))
      end
      assert_arrived(before + row[2], 3)
    end)
  end
end)

describe("a renewal", function()
  it("is one, however many calls wait for it", function()
    connect()
    local calls = start(200)
    for _, call in ipairs(calls) do
      local result, err, meta = call:result()
      assert.is_nil(err)
      assert.same({}, result)
      assert.equal(1, meta.attempts)
    end
    assert_arrived(1, 200)
  end)

  it("is one for a started and a direct call, and each gets its answer", function()
    connect()
    local call = client:start("update_qualification", CUSTOMER, "Education")
    assert.is_table(assert(client:get_customer(CUSTOMER)))
    assert.equal("InReview", assert(call:result()).vettingStatus)
    assert_arrived(1, 2)
  end)

  it("that fails reaches every call that waits, as an error of its own", function()
    connect { refresh_token = "wrong" }
    local calls, seen = start(5), {}
    for _, call in ipairs(calls) do
      local result, err, meta = call:result()
      assert.is_nil(result)
      assert.equal("unauthorized", err.category)
      assert.equal("invalid_grant", err.code)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.matches(GUID, err.request_id)
      assert.is_nil(seen[err.request_id])
      assert.is_nil(seen[err])
      seen[err.request_id], seen[err] = true, true
    end
    assert_arrived(1, 0)
  end)

  it("that failed is tried again by the next call", function()
    authority_answers(400, '{"error":"invalid_grant"}')
    connect()
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("invalid_grant", err.code)
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(2, 1)
  end)

  it("goes on when the call that began it is cancelled", function()
    connect()
    server:fail { path = TOKEN_PATH, delay = 0.2 }
    local calls = start(3)
    calls[1]:cancel()
    local result, err, meta = calls[1]:result()
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
    assert.equal("the call was cancelled", err.message)
    assert.equal(0, meta.attempts)
    for i = 2, 3 do
      assert.same({}, (assert(calls[i]:result())))
    end
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(1, 3)
  end)

  it("that fails leaves alone the call that was cancelled before", function()
    connect { refresh_token = "wrong" }
    local calls = start(2)
    calls[1]:cancel()
    assert.equal("cancelled", select(2, calls[1]:result()).category)
    assert.equal("invalid_grant", select(2, calls[2]:result()).code)
    assert.equal("cancelled", select(2, calls[1]:result()).category)
  end)

  it("ends as cancelled with the client, and so do the calls that wait", function()
    connect()
    server:fail { path = TOKEN_PATH, delay = 3600 }
    local calls = start(3)
    client:close()
    for _, call in ipairs(calls) do
      assert.is_true(call:done())
      local result, err, meta = call:result()
      assert.is_nil(result)
      assert.equal("cancelled", err.category)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
    end
    assert.is_true(#access.service_requests(server) == 0)
  end)

  it("does not outlive a client that is left to the garbage collector", function()
    for _ = 1, 20 do
      connect()
      start(2)
      client = nil
    end
    collectgarbage()
    collectgarbage()
    connect()
    assert(client:get_qualifications(CUSTOMER))
  end)
end)

describe("a token that the service refuses", function()
  it("is renewed once, and the call repeated once", function()
    connect()
    server:fail { status = 401 }
    local result, err, meta = client:update_qualification(CUSTOMER, "Education")
    assert.is_nil(err)
    assert.equal("InReview", result.vettingStatus)
    assert.equal(2, meta.attempts)
    assert.equal(201, meta.status)
    assert_arrived(2, 2)
    local requests = access.service_requests(server)
    for _, request in ipairs(requests) do
      assert.equal(meta.request_id, request.headers["MS-RequestId"])
      assert.equal(meta.correlation_id, request.headers["MS-CorrelationId"])
      assert.equal(requests[1].body, request.body)
    end
    assert.not_equal(requests[1].headers.Authorization, requests[2].headers.Authorization)
    assert.equal(1, #assert(client:get_qualifications(CUSTOMER)))
    assert_arrived(2, 3)
  end)

  it("is an error when the next one is refused too", function()
    connect()
    server:fail { status = 401, times = 1000 }
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.is_false(err.retryable)
    assert.equal(2, err.attempts)
    assert.equal(2, meta.attempts)
    assert.equal(meta.request_id, err.request_id)
    assert_arrived(2, 2)
  end)

  it("is renewed once for all calls that were sent with it", function()
    local revoked = grant { access_token = "revoked", expires_in = 3600 }
    authority_answers(200, revoked)
    connect { max_connections = 50 }
    for _, call in ipairs(start(50)) do
      local result, err, meta = call:result()
      assert.is_nil(err)
      assert.same({}, result)
      assert.is_true(meta.attempts == 2 or meta.attempts == 1)
    end
    assert.equal(2, (arrived()))
  end)

  it("leaves the authority's error where there is no other, with the attempt that there was", function()
    connect()
    assert(client:get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    authority_answers(400, '{"error":"invalid_grant","error_description":"AADSTS700082: expired"}')
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("unauthorized", err.category)
    assert.equal("invalid_grant", err.code)
    assert.equal("no access token: AADSTS700082: expired", err.message)
    assert.equal(400, err.status)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
    assert.equal(meta.request_id, err.request_id)
    assert_arrived(2, 2)
  end)

  it("is not used again after a renewal that failed", function()
    connect()
    assert(client:get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    authority_answers(400, '{"error":"invalid_grant"}')
    assert.equal("invalid_grant", select(2, client:get_qualifications(CUSTOMER)).code)
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(3, 3)
  end)
end)

describe("a rotated refresh token", function()
  it("is given to on_refresh_token, and used from then on", function()
    local told = {}
    connect { on_refresh_token = function(...) told[#told + 1] = { n = select("#", ...), ... } end }
    assert(client:get_qualifications(CUSTOMER))
    for _ = 1, 2 do
      server:fail { status = 401 }
      assert(client:get_qualifications(CUSTOMER))
    end
    local sent = forms()
    assert.equal(3, #sent)
    assert.equal(3, #told)
    assert.equal(server:client_options().refresh_token, sent[1].refresh_token)
    for i = 1, 2 do
      assert.equal(1, told[i].n)
      assert.equal(told[i][1], sent[i + 1].refresh_token)
      assert.not_equal(sent[i].refresh_token, sent[i + 1].refresh_token)
    end
    assert.equal(200, (access.post(server, {
      grant_type = "refresh_token", resource = server:base_url(), client_id = sent[1].client_id,
      client_secret = sent[1].client_secret, refresh_token = told[3][1], scope = "openid",
    })))
  end)

  it("is used without anybody being told, too", function()
    connect()
    assert(client:get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    assert(client:get_qualifications(CUSTOMER))
    local sent = forms()
    assert.equal(server:client_options().refresh_token, sent[1].refresh_token)
    assert.not_equal(sent[1].refresh_token, sent[2].refresh_token)
  end)

  it("is told of before the calls that wait are sent", function()
    local seen
    connect { on_refresh_token = function() seen = { arrived() } end }
    assert(client:get_qualifications(CUSTOMER))
    assert.same({ 1, 0 }, seen)
  end)

  it("may be told of to a function that calls the client", function()
    local inner
    connect { on_refresh_token = function() inner = client:get_customer(CUSTOMER) end }
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(CUSTOMER, inner.id)
    assert_arrived(1, 2)
  end)

  it("may be told of to a function that closes the client, which cancels the calls", function()
    connect { on_refresh_token = function() client:close() end }
    for _, call in ipairs(start(3)) do
      local result, err, meta = call:result()
      assert.is_nil(result)
      assert.equal("cancelled", err.category)
      assert.equal(0, meta.attempts)
    end
    assert_arrived(1, 0)
  end)

  for _, value in ipairs { "", "two\nlines", "a\0b", 7, false, cjson.null, "none" } do
    it(("that is %s is none: the one before stays in use"):format(cjson.encode(value)), function()
      local told
      local fields = { expires_in = 0 }
      if value ~= "none" then
        fields.refresh_token = value
      end
      authority_answers(200, grant(fields))
      connect { on_refresh_token = function(token) told = told or { token } end }
      assert(client:get_qualifications(CUSTOMER))
      assert.is_nil(told)
      assert(client:get_qualifications(CUSTOMER))
      local sent = forms()
      assert.equal(server:client_options().refresh_token, sent[#sent].refresh_token)
    end)
  end

  it("stays in use when on_refresh_token raises, which the waiting calls are told", function()
    local told, cause = {}, { code = 7 }
    connect {
      on_refresh_token = function(token)
        told[#told + 1] = token
        error(cause)
      end,
    }
    for _, call in ipairs(start(3)) do
      local result, err, meta = call:result()
      assert.is_nil(result)
      assert.equal("callback", err.category)
      assert.matches("^the on_refresh_token function raised: ", err.message)
      assert.equal(cause, err.cause)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
    end
    assert_arrived(1, 0)
    assert.equal(1, #told)
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(1, 1)

    server:fail { status = 401 }
    local _, err, meta = client:get_qualifications(CUSTOMER)
    assert.equal("callback", err.category)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
    assert.equal(told[1], forms()[2].refresh_token)
    assert_arrived(2, 2)
  end)
end)

describe("refresh_token as a function", function()
  it("is asked at each renewal, and not between", function()
    local count, current = 0, server:client_options().refresh_token
    connect {
      refresh_token = function(...)
        assert.equal(0, select("#", ...))
        count = count + 1
        return current
      end,
      on_refresh_token = function(token) current = token end,
    }
    local given = { current }
    assert.equal(0, count)
    for _ = 1, 3 do
      assert(client:get_qualifications(CUSTOMER))
    end
    assert.equal(1, count)
    for i = 2, 3 do
      given[i] = current
      server:fail { status = 401 }
      assert(client:get_qualifications(CUSTOMER))
      assert.equal(i, count)
    end
    for i, form in ipairs(forms()) do
      assert.equal(given[i], form.refresh_token)
    end
  end)

  it("is believed, and not the token of the last rotation", function()
    local first = server:client_options().refresh_token
    connect { refresh_token = function() return first end }
    assert(client:get_qualifications(CUSTOMER))
    server:fail { status = 401 }
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(first, forms()[2].refresh_token)
  end)

  it("is asked once for all calls that wait", function()
    local count = 0
    connect {
      refresh_token = function()
        count = count + 1
        return server:client_options().refresh_token
      end,
    }
    for _, call in ipairs(start(20)) do
      assert(call:result())
    end
    assert.equal(1, count)
    assert_arrived(1, 20)
  end)

  local refusals = {
    {
      what = "returns nil and a reason", give = function() return nil, "the vault is sealed" end,
      category = "unauthorized", says = "the refresh_token function returned no token: the vault is sealed$",
    },
    {
      what = "returns nothing", give = function() end,
      category = "unauthorized", says = "the refresh_token function returned no token$",
    },
    {
      what = "returns a table", give = function() return {} end,
      category = "unauthorized", says = "the refresh_token function returned a table, not a string$",
    },
    {
      what = "returns a number", give = function() return 7 end,
      category = "unauthorized", says = "the refresh_token function returned a number, not a string$",
    },
    {
      what = "returns an empty string", give = function() return "" end,
      category = "bad_input", says = "refresh_token must not be empty, nor contain control characters$",
    },
    {
      what = "returns what cannot be sent", give = function() return "two\r\nlines" end,
      category = "bad_input", says = "refresh_token must not be empty, nor contain control characters$",
    },
    {
      what = "raises", give = function() error({ code = 7 }) end,
      category = "callback", says = "^the refresh_token function raised: ", cause = { code = 7 },
    },
    {
      what = "raises nothing at all", give = function() error() end,
      category = "callback", says = "^the refresh_token function raised: nil$",
    },
    {
      what = "makes a call of the client that waits for it",
      give = function() return nil, select(2, client:get_customer(CUSTOMER)).message end,
      category = "unauthorized", says = "made a call of the client that waits for its token$",
    },
    {
      what = "closes the client",
      give = function()
        client:close()
        return "token"
      end,
      category = "cancelled", says = "^the client was closed before the call was sent$",
    },
  }
  for _, row in ipairs(refusals) do
    it(("that %s is %s, and nothing is sent"):format(row.what, row.category), function()
      connect { refresh_token = row.give }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(row.category, err.category)
      assert.matches(row.says, err.message)
      if row.cause then
        assert.same(row.cause, err.cause)
      end
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.matches(GUID, meta.request_id)
      assert_arrived(0, 0)
    end)
  end

  it("that fails for one call is asked again for the next", function()
    local count = 0
    connect {
      refresh_token = function()
        count = count + 1
        if count == 1 then
          error("not yet", 0)
        end
        return server:client_options().refresh_token
      end,
    }
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("not yet", err.cause)
    assert(client:get_qualifications(CUSTOMER))
    assert_arrived(1, 1)
  end)
end)

describe("a refusal of the authority", function()
  local WRONG = "ffffffff-0000-4000-8000-000000000001"

  --- What is wrong, and the status, the code and the start of the text that come of it.
  local rows = {
    { { refresh_token = "wrong" }, 400, "invalid_grant", "AADSTS70000" },
    { { client_secret = "wrong" }, 401, "invalid_client", "AADSTS7000215" },
    { { client_secret = "wrong", refresh_token = false }, 401, "invalid_client", "AADSTS7000215" },
    { { client_id = WRONG }, 400, "unauthorized_client", "AADSTS700016" },
    { { tenant_id = WRONG }, 400, "invalid_request", "AADSTS90002" },
  }
  for i, row in ipairs(rows) do
    it(("is %s, status %d (%d)"):format(row[3], row[2], i), function()
      connect(row[1])
      local result, err, meta = client:update_qualification(CUSTOMER, "Education")
      assert.is_nil(result)
      assert.equal("unauthorized", err.category)
      assert.equal(row[2], err.status)
      assert.equal(row[3], err.code)
      assert.matches("^no access token: " .. row[4] .. ": ", err.message)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.matches(GUID, meta.request_id)
      assert.matches(GUID, err.correlation_id)
      assert.not_equal(meta.correlation_id, err.correlation_id)
      assert.is_nil(meta.status)
      assert.equal(cjson.decode(err.body).correlation_id, err.correlation_id)
      assert.matches(row[3], tostring(err), 1, true)
      assert_arrived(1, 0)
    end)
  end

  --- Answers, and the category that they are; what is retryable is retried by a client that may.
  local answers = {
    { 400, '{"error":"invalid_grant"}', "unauthorized", false, code = "invalid_grant" },
    { 400, '{"error":"invalid_grant","correlation_id":{}}', "unauthorized", false, code = "invalid_grant" },
    { 400, "<html>Bad Request</html>", "unauthorized", false },
    { 403, "", "unauthorized", false },
    { 404, "<html>Not Found</html>", "unauthorized", false },
    { 409, "{}", "unauthorized", false },
    { 302, "", "server_error", false },
    { 408, "", "request_timeout", true },
    { 429, '{"error":"temporarily_unavailable"}', "too_many_requests", true, code = "temporarily_unavailable" },
    { 500, "<html>", "server_error", true },
    { 502, "<html>", "server_error", true },
    { 503, "", "server_busy", true },
    { 504, "", "gateway_timeout", true },
  }
  for _, row in ipairs(answers) do
    it(("%d %s is %s"):format(row[1], row[2], row[3]), function()
      authority_answers(row[1], row[2], 1, { ["Retry-After"] = "7", Location = server:base_url() .. "/elsewhere" })
      connect { max_retries = 0 }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(row[3], err.category)
      assert.equal(row[1], err.status)
      assert.equal(row.code, err.code)
      assert.equal(row[4], err.retryable)
      assert.equal(7, err.retry_after)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.equal(meta.correlation_id, err.correlation_id)
      assert.equal(row[2] ~= "" and row[2] or nil, err.body)
      assert.matches("^no access token: ", err.message)
      if row[2] == "" then
        assert.equal(("no access token: the authority answered %d with no body"):format(row[1]), err.message)
      end
      assert_arrived(1, 0)
      assert(client:get_qualifications(CUSTOMER)) -- and nothing holds that one back
      assert_arrived(2, 1)
    end)
  end
end)

describe("an answer of the authority that brings no token", function()
  local bodies = {
    "", "null", "{}", "[]", "7", '"token"', "<html>Welcome to the hotel's network</html>", '{"access_token":',
    '{"access_token":""}', '{"access_token":"two words"}', '{"access_token":"two\\nlines"}', '{"access_token":7}',
    '{"access_token":null,"expires_in":3600}', '{"access_token":{}}', '{"access_token":"caf\195\169"}',
    '{"access_token":"Bearer abc"}', '{"error":"invalid_grant"}', '{"token":"abc"}',
  }
  for _, body in ipairs(bodies) do
    it("is response_parsing, and is not shown: " .. body, function()
      authority_answers(200, body)
      connect()
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal("response_parsing", err.category)
      assert.equal("no access token: the authority answered 200, but not with an access token", err.message)
      assert.equal(200, err.status)
      assert.is_nil(err.body)
      assert.is_nil(err.code)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert_arrived(1, 0)
    end)
  end

  it("may be a 204, or too large", function()
    authority_answers(204)
    connect()
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("response_parsing", err.category)
    assert.equal(204, err.status)
    client:close()
    connect { max_response_size = 1000 }
    _, err = client:get_qualifications(CUSTOMER)
    assert.equal("response_parsing", err.category)
    assert.equal("no access token: the answer is larger than max_response_size (1000 bytes)", err.message)
    assert.is_nil(err.body)
    assert.equal(0, #access.service_requests(server))
  end)
end)

describe("an authority that is not reached", function()
  local raw

  before_each(function() raw = servers.raw() end)
  after_each(function() raw.stop() end)

  local rows = {
    { "nothing", "network", true },
    { "reset", "network", true },
    { "cut", "network", true },
    { "cut_head", "network", true },
    { "reset_inside", "network", true },
    { "stall", "timeout", true, 0.3 },
    { "not_http", "response_parsing", false },
  }
  for _, row in ipairs(rows) do
    it(("is %s: %s"):format(row[2], row[1]), function()
      connect { login_url = raw.url(row[1]), max_retries = 0, timeout = row[4], refresh_token = "refresh" }
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(row[2], err.category)
      assert.matches("^no access token: ", err.message)
      assert.equal(row[3], err.retryable)
      assert.is_nil(err.body)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      assert.equal(meta.correlation_id, err.correlation_id)
      assert.matches("^POST /" .. row[1] .. "/[%x-]+/oauth2/token HTTP/1.1", raw.requests()[1].line)
      assert_arrived(0, 0)
    end)
  end

  it("is network where nobody listens, and tls where nobody speaks it", function()
    for url, category in pairs {
      ["http://127.0.0.1:" .. servers.free_port()] = "network",
      [server:base_url():gsub("^http:", "https:")] = "tls",
    } do
      connect { login_url = url, max_retries = 0 }
      local _, err = client:get_qualifications(CUSTOMER)
      assert.equal(category, err.category)
      assert.matches("^no access token: ", err.message)
      assert.equal(0, err.attempts)
      client:close()
    end
    assert_arrived(0, 0)
  end)
end)
