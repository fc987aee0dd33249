-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local server, client, token

before_each(function()
  server = assert(sandbox.start { vetting_time = 3600 })
  local options = access.options(server)
  token = options.access_token
  client = assert(partnercenter.new(options))
end)

after_each(function()
  client:close()
  server:stop()
end)

describe("update_qualification", function()
  it("returns the qualification object of the service", function()
    local qualification, err, meta = client:update_qualification(CUSTOMER, "Education",
      { education_segment = "K12", website = "example.edu" })
    assert.is_nil(err)
    assert.equal("Education", qualification.qualification)
    assert.equal("InReview", qualification.vettingStatus)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", qualification.vettingCreateDate)
    assert.equal(201, meta.status)
    assert.equal(1, meta.attempts)
    assert.is_true(meta.elapsed > 0)
  end)

  it("sends what the contract asks for", function()
    assert(client:update_qualification("{3F2504E0-4F89-41D3-9A0C-0305E82C3301}", "eDUCATION",
      { education_segment = "k12", website = "example.edu" }))
    local request = access.service_requests(server)[1]
    assert.equal("POST", request.method)
    assert.equal("/v1/customers/" .. CUSTOMER .. "/qualifications", request.path)
    assert.equal("", request.query)
    assert.same({ qualification = "Education", educationSegment = "K12", website = "example.edu" },
      cjson.decode(request.body))
    assert.equal("Bearer " .. token, request.headers.Authorization)
    assert.equal("application/json", request.headers.Accept)
    assert.equal("application/json", request.headers["Content-Type"])
    assert.equal("v1", request.headers["MS-Contract-Version"])
    assert.equal("en-US", request.headers["X-Locale"])
    assert.equal("lua-partnercenter", request.headers["MS-PartnerCenter-Client"])
    assert.is_nil(request.headers["MS-PartnerCenter-Application"])
    assert.equal("lua-partnercenter/" .. partnercenter._VERSION, request.headers["User-Agent"])
    assert.matches(GUID, request.headers["MS-RequestId"])
    assert.matches(GUID, request.headers["MS-CorrelationId"])
    assert.matches("gzip", request.headers["Accept-Encoding"])
  end)

  it("sends what the client was told about itself", function()
    local options = access.options(server)
    options.locale, options.application_name, options.user_agent = "de-DE", "Portal 2", "portal/2.0"
    local named = assert(partnercenter.new(options))
    assert(named:update_qualification(CUSTOMER, "Education"))
    local headers = access.service_requests(server)[1].headers
    assert.equal("de-DE", headers["X-Locale"])
    assert.equal("Portal 2", headers["MS-PartnerCenter-Application"])
    assert.equal("portal/2.0", headers["User-Agent"])
    named:close()
  end)

  local settable = {
    { "education", "Education" }, { 1, "Education" }, { 1.0, "Education" },
    { "STATEOWNEDENTITY", "StateOwnedEntity" }, { 4, "StateOwnedEntity" },
  }
  for _, row in ipairs(settable) do
    it("takes " .. tostring(row[1]), function()
      local qualification = assert(client:update_qualification(CUSTOMER, row[1]))
      assert.equal(row[2], qualification.qualification)
      assert.same({ qualification = row[2] }, cjson.decode(access.service_requests(server)[1].body))
    end)
  end

  local codes = {
    { "12345", "code=12345", "12345" },
    { "00012345", "code=00012345", "00012345" },
    { 12345, "code=12345", "12345" },
    { 12345.0, "code=12345", "12345" },
    { 9007199254740992, "code=9007199254740992", "9007199254740992" },
    { "a b&c=d/e+f%?#\195\169", "code=a%20b%26c%3Dd%2Fe%2Bf%25%3F%23%C3%A9", "a b&c=d/e+f%?#\195\169" },
  }
  for _, row in ipairs(codes) do
    it("sends the validation code " .. tostring(row[1]) .. " in the query and in the body", function()
      assert(client:update_qualification(CUSTOMER, "GovernmentCommunityCloud", { validation_code = row[1] }))
      local request = access.service_requests(server)[1]
      assert.equal(row[2], request.query)
      assert.same({ qualification = "GovernmentCommunityCloud", validationCode = row[3] },
        cjson.decode(request.body))
    end)
  end

  it("sends the integer form, with the code in the query only", function()
    assert(client:update_qualification(CUSTOMER, "GovernmentCommunityCloud",
      { body = "integer", validation_code = "777" }))
    local request = access.service_requests(server)[1]
    assert.equal("3", request.body)
    assert.equal("code=777", request.query)
    assert.equal("application/json", request.headers["Content-Type"])
  end)

  it("sends the ids that are given, normalised", function()
    local _, _, meta = client:update_qualification(CUSTOMER, "Education", {
      request_id = "{AAAAAAAA-0000-4000-8000-000000000001}",
      correlation_id = "BBBBBBBB-0000-4000-8000-000000000002",
    })
    local headers = access.service_requests(server)[1].headers
    assert.equal("aaaaaaaa-0000-4000-8000-000000000001", headers["MS-RequestId"])
    assert.equal("bbbbbbbb-0000-4000-8000-000000000002", headers["MS-CorrelationId"])
    assert.equal("aaaaaaaa-0000-4000-8000-000000000001", meta.request_id)
    assert.equal("bbbbbbbb-0000-4000-8000-000000000002", meta.correlation_id)
  end)

  it("gives each call ids of its own", function()
    client:get_qualifications(CUSTOMER)
    client:get_qualifications(CUSTOMER)
    local requests = access.service_requests(server)
    assert.not_equal(requests[1].headers["MS-RequestId"], requests[2].headers["MS-RequestId"])
    assert.not_equal(requests[1].headers["MS-CorrelationId"], requests[2].headers["MS-CorrelationId"])
    assert.not_equal(requests[1].headers["MS-RequestId"], requests[1].headers["MS-CorrelationId"])
  end)

  it("escapes what JSON needs escaped", function()
    assert(client:update_qualification(CUSTOMER, "Education", { website = 'q"uo\\te/\195\169.example' }))
    assert.equal('q"uo\\te/\195\169.example', cjson.decode(access.service_requests(server)[1].body).website)
  end)
end)

describe("bad input", function()
  local refused = {
    { says = "customer_id must be a GUID", "3f2504e0" },
    { says = "customer_id must be a GUID", "" },
    { says = "customer_id must be a GUID", CUSTOMER .. "\r\n" },
    { says = "customer_id must be a GUID", CUSTOMER:sub(1, 35) .. "\0" },
    { says = "customer_id must be a GUID", "../../../../../../../../../../../../.." },
    { says = "qualification 'Educaton' is unknown: it must be Education", CUSTOMER, "Educaton" },
    { says = "qualification '' is unknown", CUSTOMER, "" },
    { says = "qualification 'Education\\x0A' is unknown", CUSTOMER, "Education\n" },
    { says = "qualification 'Education\\x00' is unknown", CUSTOMER, "Education\0" },
    { says = "qualification '1' is unknown", CUSTOMER, "1" },
    { says = "qualification '5' is unknown", CUSTOMER, 5 },
    { says = "qualification '%-1' is unknown", CUSTOMER, -1 },
    { says = "qualification '1.5' is unknown", CUSTOMER, 1.5 },
    { says = "qualification 'None' cannot be set by a partner", CUSTOMER, "None" },
    { says = "qualification '0' cannot be set by a partner", CUSTOMER, 0 },
    { says = "qualification 'nonprofit' cannot be set by a partner", CUSTOMER, "nonprofit" },
    { says = "qualification '2' cannot be set by a partner", CUSTOMER, 2 },
    { says = "GovernmentCommunityCloud needs a validation_code", CUSTOMER, "GovernmentCommunityCloud" },
    { says = "GovernmentCommunityCloud needs a validation_code", CUSTOMER, 3, { body = "integer" } },
    { says = "validation_code must not be empty", CUSTOMER, 3, { validation_code = "" } },
    { says = "validation_code must be a string or a whole number", CUSTOMER, 3, { validation_code = 1.5 } },
    { says = "validation_code must be a string or a whole number", CUSTOMER, 3, { validation_code = -1 } },
    { says = "validation_code must be UTF%-8", CUSTOMER, 3, { validation_code = "\255" } },
    { says = "education_segment must be K12 or HigherEducation, and not 'K13'", CUSTOMER, 1, { education_segment = "K13" } },
    { says = "cannot be sent in the integer form", CUSTOMER, 1, { body = "integer", website = "a.edu" } },
    { says = "cannot be sent in the integer form", CUSTOMER, 1, { body = "integer", education_segment = "K12" } },
    { says = "body must be \"object\" or \"integer\"", CUSTOMER, 1, { body = "xml" } },
    { says = "website must be UTF%-8", CUSTOMER, 1, { website = "\195" } },
    { says = "request_id must be a GUID", CUSTOMER, 1, { request_id = "1" } },
    { says = "correlation_id must be a GUID", CUSTOMER, 1, { correlation_id = "1" } },
    { says = "timeout must be seconds, more than 0", CUSTOMER, 1, { timeout = 0 } },
  }
  for _, name in ipairs { "validation_code", "education_segment", "website", "body", "request_id", "correlation_id" } do
    for _, value in ipairs { "a\rb", "a\nb", "a\0b" } do
      table.insert(refused, {
        says = name .. " must not contain control characters", CUSTOMER, 1, { [name] = value },
      })
    end
  end
  for _, row in ipairs(refused) do
    it("is refused and not sent: " .. row.says, function()
      local result, err, meta = client:update_qualification(row[1], row[2] or "Education", row[3])
      assert.is_nil(result)
      assert.equal("bad_input", err.category)
      assert.matches(row.says, err.message)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      assert.same({}, access.service_requests(server))
    end)
  end

  local raised = {
    { says = "bad argument 'customer_id' %(string expected, got nil%)" },
    { says = "bad argument 'customer_id' %(string expected, got number%)", 5 },
    { says = "bad argument 'qualification' %(string or number expected, got nil%)", CUSTOMER },
    { says = "bad argument 'qualification' %(string or number expected, got table%)", CUSTOMER, {} },
    { says = "bad argument 'qualification' %(string or number expected, got boolean%)", CUSTOMER, true },
    { says = "bad options %(table expected, got string%)", CUSTOMER, 1, "K12" },
    { says = "unknown option 'webiste' %(allowed: request_id, .*, website, body%)", CUSTOMER, 1, { webiste = "x" } },
    { says = "bad option 'website' %(string expected, got boolean%)", CUSTOMER, 1, { website = true } },
    { says = "bad option 'validation_code' %(number or string expected, got table%)", CUSTOMER, 3,
      { validation_code = {} } },
    { says = "bad option 'body' %(string expected, got number%)", CUSTOMER, 1, { body = 1 } },
    { says = "bad option 'timeout' %(number expected, got string%)", CUSTOMER, 1, { timeout = "5" } },
  }
  for _, row in ipairs(raised) do
    it("raises and is not sent: " .. row.says, function()
      local ok, message = pcall(client.update_qualification, client, row[1], row[2], row[3])
      assert.is_false(ok)
      assert.matches(row.says, message)
      assert.same({}, access.service_requests(server))
    end)
  end

  it("does not repeat the token that was passed as something else", function()
    local _, err = client:update_qualification(CUSTOMER, token)
    assert.equal("bad_input", err.category)
    assert.is_nil(err.message:find(token, 1, true))
    assert.is_nil(tostring(err):find(token, 1, true))
  end)
end)
