-- SPDX-License-Identifier: MIT
--- Answers as the real service, its gateway, a proxy or a broken network gives them.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local OBJECT = '{"qualification":"Education","vettingStatus":"InReview"}'

local function gzip(text)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local process = assert(io.popen("gzip -c " .. name, "r"))
  local bytes = process:read "*a"
  process:close()
  os.remove(name)
  return bytes
end

describe("an answer of the service", function()
  local server, client

  setup(function()
    server = assert(sandbox.start())
    local options = access.options(server)
    options.max_response_size, options.max_retries = 10000, 0
    client = assert(partnercenter.new(options))
  end)

  teardown(function()
    client:close()
    server:stop()
  end)

  local function update(answer)
    server:fail(answer)
    return client:update_qualification(CUSTOMER, "Education")
  end

  local function get(answer)
    server:fail(answer)
    return client:get_qualifications(CUSTOMER)
  end

  it("may begin with a byte order mark", function()
    assert.equal("Education", assert(update { status = 201, body = "\239\187\191" .. OBJECT }).qualification)
    assert.equal(1, #assert(get { status = 200, body = "\239\187\191 [" .. OBJECT .. "]" }))
  end)

  it("may be compressed with gzip", function()
    local answer = { status = 201, body = gzip(OBJECT), headers = { ["Content-Encoding"] = "gzip" } }
    assert.equal("InReview", assert(update(answer)).vettingStatus)
  end)

  it("may have any status from 200 to 299", function()
    for _, status in ipairs { 200, 201, 202, 299 } do
      local result, _, meta = update { status = status, body = OBJECT }
      assert.equal("Education", result.qualification)
      assert.equal(status, meta.status)
    end
  end)

  local spellings = {
    ["education"] = "Education", ["EDUCATION"] = "Education", ["none"] = "None",
    ["governmentcommunitycloud"] = "GovernmentCommunityCloud", ["nonProfit"] = "Nonprofit",
    ["stateownedentity"] = "StateOwnedEntity", ["SomethingNew"] = "SomethingNew",
  }
  for spelling, name in pairs(spellings) do
    it("may spell the qualification " .. spelling, function()
      local body = ('{"qualification":"%s"}'):format(spelling)
      assert.equal(name, assert(update { status = 201, body = body }).qualification)
      assert.equal(name, assert(get { status = 200, body = "[" .. body .. "]" })[1].qualification)
    end)
  end

  it("may give the qualification as its integer", function()
    assert.equal("GovernmentCommunityCloud", assert(update { status = 201, body = '{"qualification":3}' }).qualification)
  end)

  it("may have the vetting date under either name", function()
    for _, name in ipairs { "vettingCreateDate", "vettingCreatedDate" } do
      local body = ('{"qualification":"Education","%s":"2020-12-03T10:37:38.885Z"}'):format(name)
      assert.equal("2020-12-03T10:37:38.885Z", assert(update { status = 201, body = body }).vettingCreateDate)
      assert.equal("2020-12-03T10:37:38.885Z", assert(update { status = 201, body = body })[name])
    end
  end)

  it("may have fields that nobody documented", function()
    local result = assert(update { status = 201, body = [[{"qualification":"Education",
      "attributes":{"objectType":"CustomerQualification","list":[1,2.5,"x",true]}}]] })
    assert.same({ objectType = "CustomerQualification", list = { 1, 2.5, "x", true } }, result.attributes)
  end)

  it("may have nulls, which are absent", function()
    local result = assert(update { status = 201, body = [[{"qualification":"Education","vettingReason":null,
      "deep":{"a":null,"b":1},"list":[null,1,null,2,null]}]] })
    assert.same({ qualification = "Education", deep = { b = 1 }, list = { 1, 2 } }, result)
  end)

  it("has integers where Lua has them", function()
    local result = assert(update { status = 201, body = [[{"qualification":"Education","n":5,"f":5.5,"e":1e3,
      "max":9007199254740992,"large":1e300,"list":[1]}]] })
    local integer = math.type and "integer"
    assert.equal(integer, math.type and math.type(result.n))
    assert.equal(integer, math.type and math.type(result.e))
    assert.equal(integer, math.type and math.type(result.max))
    assert.equal(integer, math.type and math.type(result.list[1]))
    assert.equal(5.5, result.f)
    assert.equal(1e300, result.large)
    assert.equal(9007199254740992, result.max)
  end)

  local not_promised = {
    "null", "[]", "{}", "true", "5", '"Education"', "[" .. OBJECT .. "]", '{"qualification":null}',
    '{"qualification":""}', '{"qualification":{}}', '{"qualification":7}', OBJECT:sub(1, -2), OBJECT .. "x", "<html></html>",
    "\239\187\191", " ", "{\"qualification\":\"Education\",\"n\":NaN}", ("["):rep(1000) .. ("]"):rep(1000),
  }
  for _, body in ipairs(not_promised) do
    it("that is not a qualification object is response_parsing: " .. body:sub(1, 40), function()
      local result, err, meta = update { status = 201, body = body }
      assert.is_nil(result)
      assert.equal("response_parsing", err.category)
      assert.equal("the service answered 201, but not with a qualification object", err.message)
      assert.equal(201, err.status)
      assert.equal(body, err.body)
      assert.is_false(err.retryable)
      assert.equal(1, err.attempts)
      assert.equal(201, meta.status)
    end)
  end

  for _, body in ipairs { "null", "{}", OBJECT, '["Education"]', "[" .. OBJECT .. ",5]", "[[]]" } do
    it("that is not an array of qualification objects is response_parsing: " .. body, function()
      local result, err = get { status = 200, body = body }
      assert.is_nil(result)
      assert.equal("response_parsing", err.category)
      assert.equal("the service answered 200, but not with an array of qualification objects", err.message)
    end)
  end

  it("without a body where an object was promised is response_parsing", function()
    for _, status in ipairs { 200, 201, 204 } do
      local _, err = update { status = status, body = "" }
      assert.equal("response_parsing", err.category)
      assert.equal(status, err.status)
      assert.is_nil(err.body)
    end
  end)

  it("larger than max_response_size is response_parsing, before and after decompression", function()
    local large = '{"qualification":"Education","x":"' .. ("x"):rep(20000) .. '"}'
    for _, answer in ipairs {
      { status = 201, body = large },
      { status = 201, body = gzip(large), headers = { ["Content-Encoding"] = "gzip" } },
      { status = 500, body = large },
    } do
      local _, err = update(answer)
      assert.equal("response_parsing", err.category)
      assert.equal("the answer is larger than max_response_size (10000 bytes)", err.message)
      assert.equal(answer.status, err.status)
    end
    assert(client:get_qualifications(CUSTOMER))
  end)

  it("exactly as large as max_response_size is taken", function()
    local frame = '{"qualification":"Education","x":""}'
    local body = frame:sub(1, -3) .. ("x"):rep(10000 - #frame) .. '"}'
    assert.equal(10000, #body)
    assert.equal("Education", assert(update { status = 201, body = body }).qualification)
  end)

  it("has ids that win over those that were sent", function()
    local headers = { ["MS-RequestId"] = "from-the-service", ["ms-correlationid"] = "also" }
    local _, _, meta = update { status = 201, body = OBJECT, headers = headers }
    assert.equal("from-the-service", meta.request_id)
    assert.equal("also", meta.correlation_id)
    local _, err = update { status = 500, headers = headers }
    assert.equal("from-the-service", err.request_id)
    assert.equal("also", err.correlation_id)
  end)

  it("that redirects is not followed", function()
    local elsewhere = assert(sandbox.start())
    local requests = #server:requests()
    for _, location in ipairs {
      elsewhere:base_url() .. "/v1/customers", (elsewhere:base_url():gsub("^http:", "")) .. "/v1/customers",
      "/v1/customers", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:1/", "scp://127.0.0.1/etc/passwd",
    } do
      for _, status in ipairs { 301, 302, 303, 307, 308 } do
        local _, err = update { status = status, body = "", headers = { Location = location } }
        assert.equal("server_error", err.category)
        assert.equal(status, err.status)
        assert.is_false(err.retryable)
        assert.is_nil(err.body)
        requests = requests + 1
        assert.equal(requests, #server:requests())
      end
    end
    assert.same({}, elsewhere:requests())
    elsewhere:stop()
  end)
end)

describe("an error answer", function()
  local server, client

  before_each(function()
    server = assert(sandbox.start())
    local options = access.options(server)
    options.max_retries = 0
    client = assert(partnercenter.new(options))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  local function fail(answer)
    server:fail(answer)
    local result, err, meta = client:get_qualifications(CUSTOMER)
    assert.is_nil(result)
    return err, meta
  end

  local categories = {
    { 400, "bad_input", false }, { 401, "unauthorized", false }, { 403, "forbidden", false },
    { 404, "not_found", false }, { 405, "invalid_operation", false }, { 406, "unsupported_data_format", false },
    { 408, "request_timeout", true }, { 409, "already_exists", false }, { 412, "server_error", false },
    { 429, "too_many_requests", true }, { 500, "server_error", true }, { 501, "server_error", false },
    { 502, "server_error", true }, { 503, "server_busy", true }, { 504, "gateway_timeout", true },
    { 304, "server_error", false }, { 418, "server_error", false },
  }
  for _, row in ipairs(categories) do
    it(("with status %d is %s"):format(row[1], row[2]), function()
      local err, meta = fail { status = row[1] }
      assert.equal(row[1], err.status)
      assert.equal(row[2], err.category)
      assert.equal(row[3], err.retryable)
      assert.equal(1, err.attempts)
      assert.equal(row[1], meta.status)
      assert.equal(meta.request_id, err.request_id)
      assert.equal(meta.correlation_id, err.correlation_id)
    end)
  end

  local bodies = {
    {
      what = "the documented object",
      body = '{"code":"600041","description":"Not allowed.","data":["a",{"b":1}],"source":"PartnerFD"}',
      message = "Not allowed.", code = "600041", source = "PartnerFD", data = { "a", { b = 1 } },
    },
    {
      what = "the documented object with a number as code, null and a byte order mark",
      body = '\239\187\191{"code":600041,"description":"Not allowed.","data":null,"source":null}',
      message = "Not allowed.", code = "600041",
    },
    {
      what = "a JSON string", body = '"Customer tagging denied."',
      message = "Customer tagging denied.", raw = true,
    },
    {
      what = "the gateway's object",
      body = '{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}',
      message = "Rate limit is exceeded. Try again in 57 seconds.", raw = true,
    },
    {
      what = "an Entra ID object",
      body = '{"error":"invalid_grant","error_description":"AADSTS70008: expired","error_codes":[70008]}',
      message = "AADSTS70008: expired", code = "invalid_grant", raw = true,
    },
    {
      what = "an HTML page", body = "<html><body>Bad gateway</body></html>",
      message = "the service answered 502 with a body that is no error object", raw = true,
    },
    {
      what = "an object of another kind", body = '{"hello":"world"}',
      message = "the service answered 502 with a body that is no error object", raw = true,
    },
    { what = "nothing", body = "", message = "the service answered 502 with no body" },
  }
  for _, row in ipairs(bodies) do
    it("may be " .. row.what, function()
      local err = fail { status = 502, body = row.body }
      assert.equal("server_error", err.category)
      assert.equal(row.message, err.message)
      assert.equal(row.code, err.code)
      assert.equal(row.source, err.source)
      assert.same(row.data, err.data)
      assert.equal(row.raw and row.body or nil, err.body)
    end)
  end

  it("has at most 4 KiB of its body in the error, and no half character", function()
    local err = fail { status = 500, body = "<" .. ("\226\130\172"):rep(5000) }
    assert.equal(4096, #err.body)
    err = fail { status = 500, body = "<>" .. ("\226\130\172"):rep(5000) }
    assert.equal(4094 - 4094 % 3 + 2, #err.body)
  end)

  it("may say when to come back, in seconds or as a date", function()
    assert.equal(57, fail({ status = 503, headers = { ["Retry-After"] = "57" } }).retry_after)
    assert.equal(60, fail({ status = 503, headers = {
      ["Retry-After"] = "Fri, 04 Dec 2020 20:55:24 GMT", Date = "Fri, 04 Dec 2020 20:54:24 GMT",
    } }).retry_after)
    assert.is_nil(fail({ status = 503, headers = { ["Retry-After"] = "soon" } }).retry_after)
    assert.is_nil(fail({ status = 503 }).retry_after)
  end)

  it("is one readable line as text", function()
    local err = fail {
      status = 429, body = '{"code":"E1","description":"Too\\nfast.","source":"x"}',
      headers = { ["Retry-After"] = "57", ["MS-RequestId"] = "the-id" },
    }
    assert.equal("too_many_requests: Too fast. (status 429, code E1, retry after 57 s, request id the-id)",
      tostring(err))
  end)

  it("says how long to wait without the fractions that nobody reads", function()
    local core = require "partnercenter.core"
    for seconds, text in pairs { [57] = "57", [499.999984377] = "500", [1234.4] = "1234", [0.25] = "0.25", [1.04] = "1" } do
      local err = core.error { category = "too_many_requests", message = "Too fast.", retry_after = seconds }
      assert.equal(("too_many_requests: Too fast. (retry after %s s)"):format(text), tostring(err))
    end
  end)

  it("can be put into a longer text", function()
    local err = fail { status = 500, body = '"Broken."', headers = { ["MS-RequestId"] = "the-id" } }
    assert.equal("server_error: Broken. (status 500, request id the-id)", "" .. err)
    assert.equal("a server_error: Broken. (status 500, request id the-id) z", "a " .. err .. " z")
    assert.equal(tostring(err) .. tostring(err), err .. err)
    assert.has_error(function() return err .. {} end, "attempt to concatenate a table value")
  end)

  it("never shows the token, however it is echoed", function()
    local options = access.options(server)
    options.access_token = "ab/cd+ef=="
    local secretive = assert(partnercenter.new(options))
    local spellings = { "ab/cd+ef==", "ab\\/cd+ef==", "ab%2Fcd%2Bef%3D%3D", "ab\\u002fcd+ef=\\u003d" }
    local frames = {
      '{"code":"%s","description":"bad %s","data":["%s",{"%s":"%s"}],"source":"%s"}', '"%s"', "<html>%s</html>",
      '{"statusCode":401,"message":"%s"}', ("x"):rep(4090) .. "%s",
    }
    local function search(value, path)
      if type(value) == "table" then
        for name, field in pairs(value) do
          search(name, path)
          search(field, path .. "." .. tostring(name))
        end
      elseif type(value) == "string" then
        for _, spelling in ipairs(spellings) do
          assert.is_nil(value:find(spelling, 1, true), path .. " shows the token: " .. value)
        end
        assert.is_nil(value:find("ab[/\\%%]"), path .. " shows the token: " .. value)
      end
    end
    for _, spelling in ipairs(spellings) do
      for _, frame in ipairs(frames) do
        for _, status in ipairs { 200, 401 } do
          server:fail {
            status = status, body = (frame:gsub("%%s", function() return spelling end)),
            headers = { ["MS-RequestId"] = spelling, ["MS-CorrelationId"] = "x" .. spelling },
          }
          local _, err, meta = secretive:get_qualifications(CUSTOMER)
          search(err, "err")
          search(tostring(err), "tostring")
          search(meta, "meta")
        end
      end
    end
    secretive:close()
  end)
end)

describe("a broken answer", function()
  local server

  setup(function() server = servers.raw() end)
  teardown(function() server.stop() end)

  local function update(scenario, options)
    local client = assert(partnercenter.new { base_url = server.url(scenario), access_token = "token", max_retries = 0 })
    local result, err, meta = client:update_qualification(CUSTOMER, "Education", options)
    client:close()
    return result, err, meta
  end

  for _, scenario in ipairs { "ok", "chunked", "until_close", "interim" } do
    it("is not this one: " .. scenario, function()
      local result, err, meta = update(scenario)
      assert.is_nil(err)
      assert.equal("Education", result.qualification)
      assert.not_equal("interim", meta.request_id)
    end)
  end

  local broken = {
    cut = "network", cut_chunk = "network", cut_head = "network", nothing = "network",
    reset = "network", reset_inside = "network",
    cut_gzip = "response_parsing", bad_gzip = "response_parsing", not_http = "response_parsing",
  }
  for scenario, category in pairs(broken) do
    it(("is %s: %s"):format(category, scenario), function()
      local result, err, meta = update(scenario)
      assert.is_nil(result)
      assert.equal(category, err.category)
      assert.equal(category == "network", err.retryable)
      assert.is_true(#err.message > 0)
      assert.is_nil(err.body)
      assert.equal(1, err.attempts)
      assert.equal(meta.request_id, err.request_id)
    end)
  end

  it("is timeout when none comes", function()
    local result, err, meta = update("stall", { timeout = 0.2 })
    assert.is_nil(result)
    assert.equal("timeout", err.category)
    assert.is_true(err.retryable)
    assert.is_true(meta.elapsed > 0.19) -- libcurl may count on a clock that runs a trace faster
  end)

  it("is network when nobody listens", function()
    local client = assert(partnercenter.new {
      base_url = ("http://127.0.0.1:%d"):format(servers.free_port()), access_token = "token", max_retries = 0,
    })
    local _, err, meta = client:get_qualifications(CUSTOMER)
    assert.equal("network", err.category)
    assert.equal(0, err.attempts)
    assert.equal(0, meta.attempts)
    assert.is_nil(err.status)
    assert.is_nil(meta.status)
    client:close()
  end)
end)
