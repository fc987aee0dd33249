-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("access_token as a function", function()
  local server, token, client

  before_each(function()
    server = assert(sandbox.start())
    token = access.token(server)
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  --- A client whose token comes from `provide`, which counts its calls.
  local function client_with(provide)
    local count = { 0 }
    client = assert(partnercenter.new {
      base_url = server:base_url(),
      access_token = function()
        count[1] = count[1] + 1
        return provide(count[1])
      end,
    })
    return count
  end

  it("is asked once while the token lives", function()
    local count = client_with(function() return token, 3600 end)
    assert.equal(0, count[1])
    for _ = 1, 3 do
      assert(client:get_qualifications(CUSTOMER))
    end
    assert.equal(1, count[1])
    assert.equal("Bearer " .. token, access.service_requests(server)[3].headers.Authorization)
  end)

  it("is asked each time when it does not say how long the token lives, or not at all", function()
    for _, seconds in ipairs { 0, -5, 0 / 0, "none" } do
      local count = client_with(function() return token, seconds ~= "none" and seconds or nil end)
      for _ = 1, 3 do
        assert(client:get_qualifications(CUSTOMER))
      end
      assert.equal(3, count[1])
      client:close()
    end
  end)

  it("is not asked for a call that is not valid", function()
    local count = client_with(function() return token, 3600 end)
    local _, err = client:get_qualifications("nobody")
    assert.equal("bad_input", err.category)
    assert.equal(0, count[1])
  end)

  --- The requests to the service, of which all carry the ids of `meta`.
  local function requests_of(meta)
    local requests = access.service_requests(server)
    for _, request in ipairs(requests) do
      assert.equal(meta.request_id, request.headers["MS-RequestId"])
      assert.equal(meta.correlation_id, request.headers["MS-CorrelationId"])
    end
    return requests
  end

  it("is asked once more when its token is refused, and the call is repeated once with another one", function()
    local count = client_with(function(count) return count == 1 and "refused" or token, 3600 end)
    local result, err, meta = client:update_qualification(CUSTOMER, "Education")
    assert.is_nil(err)
    assert.equal("InReview", result.vettingStatus)
    assert.equal(2, meta.attempts)
    assert.equal(2, count[1])
    local requests = requests_of(meta)
    assert.equal(2, #requests)
    assert.equal("Bearer refused", requests[1].headers.Authorization)
    assert.equal("Bearer " .. token, requests[2].headers.Authorization)
    assert.equal(requests[1].body, requests[2].body)
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(2, count[1])
  end)

  it("is not asked a third time for one call", function()
    local count = client_with(function(count) return "refused" .. count, 3600 end)
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.equal("Unauthorized", err.code)
    assert.equal(2, err.attempts)
    assert.equal(2, meta.attempts)
    assert.equal(2, count[1])
    assert.equal(2, #requests_of(meta))
  end)

  it("leaves the refusal as it is when it gives the same token again", function()
    local count = client_with(function() return "refused", 3600 end)
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.equal("Unauthorized", err.code)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
    assert.equal(2, count[1])
    assert.equal(1, #requests_of(meta))
  end)

  it("that fails when it is asked once more leaves its own error, with the attempt that there was", function()
    for _, row in ipairs {
      { "unauthorized", "returned no token: sealed$", function() return nil, "sealed" end },
      { "callback", "raised: sealed$", function() error("sealed", 0) end },
      { "bad_input", "access_token must be the token alone", function() return "two words" end },
    } do
      client_with(function(count)
        if count == 1 then
          return "refused", 3600
        end
        return row[3]()
      end)
      local result, err, meta = client:get_qualifications(CUSTOMER)
      assert.is_nil(result)
      assert.equal(row[1], err.category)
      assert.matches(row[2], err.message)
      assert.equal(1, err.attempts)
      assert.equal(1, meta.attempts)
      assert.equal(meta.request_id, err.request_id)
      client:close()
    end
    assert.equal(3, #access.service_requests(server))
  end)

  local refusals = {
    {
      what = "returns nil and a reason", provide = function() return nil, "the vault is sealed" end,
      category = "unauthorized", says = "returned no token: the vault is sealed",
    },
    {
      what = "returns nothing", provide = function() end,
      category = "unauthorized", says = "returned no token$",
    },
    {
      what = "returns something else", provide = function() return {} end,
      category = "unauthorized", says = "returned a table, not a string",
    },
    {
      what = "returns a lifetime that is no number", provide = function() return "token", "an hour" end,
      category = "unauthorized", says = "returned a string, not the seconds",
    },
    {
      what = "returns a token that cannot be sent", provide = function() return "two\r\nlines", 60 end,
      category = "bad_input", says = "access_token must be the token alone",
    },
    {
      what = "raises something whose text cannot be had",
      provide = function() error(setmetatable({}, { __tostring = function() error "again" end })) end,
      category = "callback", says = "the access_token function raised: table$",
    },
    {
      what = "raises", provide = function() error({ code = 7 }) end,
      category = "callback", says = "the access_token function raised: ", cause = { code = 7 },
    },
  }
  for _, row in ipairs(refusals) do
    it(("that %s is %s, and nothing is sent"):format(row.what, row.category), function()
      client_with(row.provide)
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
      assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", meta.request_id)
      assert.same({}, access.service_requests(server))
    end)
  end

  it("does not bring the token into an error by its own words", function()
    local says
    client_with(function(count)
      if count == 1 then
        return token, 0
      elseif says == "raise" then
        error("refused " .. token, 0)
      end
      return nil, "refused " .. token
    end)
    assert(client:get_qualifications(CUSTOMER))
    for _, way in ipairs { "raise", "return" } do
      says = way
      local _, err = client:get_qualifications(CUSTOMER)
      assert.matches("refused %[redacted%]$", err.message)
      assert.is_nil(tostring(err.cause):find(token, 1, true))
    end
  end)

  it("may give the lifetime as a string, as token endpoints do", function()
    local count = client_with(function() return token, "3599" end)
    assert(client:get_qualifications(CUSTOMER))
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(1, count[1])
  end)

  it("cannot make a call of the client that waits for it", function()
    client_with(function()
      local _, err = client:get_qualifications(CUSTOMER)
      return nil, err.message
    end)
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("unauthorized", err.category)
    assert.matches("made a call of the client that waits for its token", err.message)
    assert.same({}, access.service_requests(server))
  end)

  it("may close the client, which cancels the call", function()
    client_with(function()
      client:close()
      return token, 3600
    end)
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("cancelled", err.category)
    assert.equal(0, meta.attempts)
    assert.same({}, access.service_requests(server))
  end)

  it("can make calls of its own", function()
    local other = assert(partnercenter.new(access.options(server)))
    client_with(function()
      assert(other:get_qualifications(CUSTOMER))
      return token, 3600
    end)
    assert(client:get_qualifications(CUSTOMER))
    assert.equal(2, #access.service_requests(server))
    other:close()
  end)
end)

describe("access_token as a string", function()
  it("is the only one: its refusal is the error, and nothing is repeated", function()
    local server = assert(sandbox.start())
    local client = assert(partnercenter.new { base_url = server:base_url(), access_token = "refused" })
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    assert.equal("unauthorized", err.category)
    assert.equal(401, err.status)
    assert.equal(1, err.attempts)
    assert.equal(1, meta.attempts)
    assert.equal(1, #server:requests())
    client:close()
    server:stop()
  end)
end)
