-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local REQUEST_ID = "aaaaaaaa-0000-4000-8000-000000000001"

describe("sandbox.start", function()
  it("raises for unknown options and wrong types, with the line of the caller", function()
    local _, message
    _, message = pcall(function()
      local server = sandbox.start { vetting = 1 }
      return server
    end)
    assert.matches("sandbox_spec%.lua:%d+: unknown option 'vetting' %(allowed: host, port, latency, vetting_time,", message)
    _, message = pcall(sandbox.start, { port = "8080" })
    assert.matches("bad option 'port' %(number expected, got string%)", message)
    _, message = pcall(sandbox.start, 8080)
    assert.matches("bad options %(table expected, got number%)", message)
  end)

  local bad_data = {
    { port = 65536, says = "port must be a whole number from 0 to 65535" },
    { port = 1.5, says = "port must be a whole number" },
    { port = 0 / 0, says = "port must be a whole number" },
    { latency = -1, says = "latency must be seconds, at least 0" },
    { vetting_time = math.huge, says = "vetting_time must be seconds" },
    { latency = 1e300, says = "latency must be seconds, at least 0 and at most 2073600" },
  }
  for _, row in ipairs(bad_data) do
    it("refuses: " .. row.says, function()
      local says = row.says
      row.says = nil
      local server, err = sandbox.start(row)
      assert.is_nil(server)
      assert.equal("bad_input", err.category)
      assert.matches(says, err.message)
    end)
  end

  it("says why it cannot listen", function()
    local first = assert(sandbox.start())
    local port = tonumber(first:base_url():match ":(%d+)$")
    local second, err = sandbox.start { port = port }
    assert.is_nil(second)
    assert.equal("network", err.category)
    assert.matches("cannot listen on 127.0.0.1, port " .. port .. ": Address already in use", err.message, 1, true)
    first:stop()
    assert.equal("network", select(2, sandbox.start { host = "no such host" }).category)
  end)

  it("is reached through loopback when it listens on every address", function()
    local server = assert(sandbox.start { host = "0.0.0.0" })
    local client = assert(partnercenter.new(access.options(server)))
    assert(client:get_qualifications(CUSTOMER))
    client:close()
    server:stop()
  end)

  it("works in a process with more than 1,024 descriptors", function()
    local files = {}
    for i = 1, 1100 do
      files[i] = io.open "/dev/null"
    end
    if #files < 1100 then
      print "skipped: this shell allows too few descriptors"
    else
      local server = assert(sandbox.start())
      local client = assert(partnercenter.new(access.options(server)))
      assert(client:get_qualifications(CUSTOMER))
      client:close()
      server:stop()
    end
    for _, file in ipairs(files) do
      file:close()
    end
  end)

  it("listens on IPv6 too", function()
    local server = sandbox.start { host = "::1" }
    if not server then
      print "skipped: this machine has no IPv6 loopback"
      return
    end
    local client = assert(partnercenter.new(access.options(server)))
    assert(client:get_qualifications(CUSTOMER))
    client:close()
    server:stop()
  end)
end)

describe("the sandbox", function()
  local server, client, token

  before_each(function()
    server = assert(sandbox.start { vetting_time = 0 })
    local options = access.options(server)
    token = options.access_token
    options.max_retries = 0
    client = assert(partnercenter.new(options))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  it("goes from InReview to a decision after vetting_time", function()
    local slow = assert(sandbox.start { vetting_time = 0.3 })
    local patient = assert(partnercenter.new(access.options(slow)))
    assert.equal("InReview", assert(patient:update_qualification(CUSTOMER, "Education")).vettingStatus)
    local seen = {}
    repeat
      local status = assert(patient:get_qualifications(CUSTOMER))[1].vettingStatus
      seen[status] = true
    until status ~= "InReview"
    assert.same({ InReview = true, Approved = true }, seen)
    patient:close()
    slow:stop()
  end)

  it("denies a website that starts with denied.", function()
    assert(client:update_qualification(CUSTOMER, "Education", { website = "denied.example.edu" }))
    local qualification = assert(client:get_qualifications(CUSTOMER))[1]
    assert.equal("Denied", qualification.vettingStatus)
    assert.equal("Not an Education Customer", qualification.vettingReason)
  end)

  it("refuses a second qualification, the same or another", function()
    assert(client:update_qualification(CUSTOMER, "Education"))
    for _, name in ipairs { "Education", "StateOwnedEntity" } do
      local _, err = client:update_qualification(CUSTOMER, name)
      assert.equal("already_exists", err.category)
      assert.equal(409, err.status)
      assert.equal("QualificationConflict", err.code)
      assert.same({ "Education" }, err.data)
      assert.equal("PartnerCenterSandbox", err.source)
    end
    assert.equal(1, #assert(client:get_qualifications(CUSTOMER)))
  end)

  it("takes another request after a denial", function()
    assert(client:update_qualification(CUSTOMER, "Education", { website = "denied.example" }))
    assert(client:update_qualification(CUSTOMER, "Education"))
    local list = assert(client:get_qualifications(CUSTOMER))
    assert.equal(1, #list)
    assert.equal("Approved", list[1].vettingStatus)
  end)

  it("knows one customer under one id, and others apart", function()
    assert(client:update_qualification(CUSTOMER:upper(), "Education"))
    assert.equal(1, #assert(client:get_qualifications(CUSTOMER)))
    assert.equal(0, #assert(client:get_qualifications("00000000-0000-0000-0000-000000000000")))
  end)

  it("answers a repeated request id as the first time, with one effect", function()
    local first = assert(client:update_qualification(CUSTOMER, "Education", { request_id = REQUEST_ID }))
    local second = assert(client:update_qualification(CUSTOMER, "Education", { request_id = REQUEST_ID }))
    assert.same(first, second)
    assert.equal(1, #assert(client:get_qualifications(CUSTOMER)))
  end)

  it("refuses a request id that belongs to a different request", function()
    assert(client:update_qualification(CUSTOMER, "Education", { request_id = REQUEST_ID }))
    local _, err = client:update_qualification(CUSTOMER, "StateOwnedEntity", { request_id = REQUEST_ID })
    assert.equal("bad_input", err.category)
    assert.equal("RequestIdReused", err.code)
  end)

  --- A request that the client would never send.
  local function raw(method, path, headers, body)
    local all = {
      ["authorization"] = "Bearer " .. token,
      ["accept"] = "application/json",
      ["ms-requestid"] = REQUEST_ID,
      ["ms-correlationid"] = REQUEST_ID,
      ["ms-contract-version"] = "v1",
      ["x-locale"] = "en-US",
      ["ms-partnercenter-client"] = "spec",
    }
    all["content-type"] = body and "application/json"
    for name, value in pairs(headers) do
      all[name] = value or nil
    end
    local status, answer = access.send(server:base_url() .. path, method, all, body)
    return status, answer or {}
  end

  local PATH = "/v1/customers/" .. CUSTOMER .. "/qualifications"
  local refused = {
    { 401, "Unauthorized", headers = { authorization = false } },
    { 401, "Unauthorized", headers = { authorization = "Bearer wrong" } },
    { 401, "Unauthorized", headers = { authorization = "Basic abc" } },
    { 406, "InvalidHeader", headers = { accept = false } },
    { 406, "InvalidHeader", headers = { accept = "text/html" } },
    { 400, "InvalidHeader", headers = { ["ms-requestid"] = false } },
    { 400, "InvalidHeader", headers = { ["ms-requestid"] = "1" } },
    { 400, "InvalidHeader", headers = { ["ms-correlationid"] = false } },
    { 400, "InvalidHeader", headers = { ["ms-correlationid"] = REQUEST_ID .. "0" } },
    { 400, "InvalidHeader", headers = { ["ms-contract-version"] = "v2" } },
    { 400, "InvalidHeader", headers = { ["ms-contract-version"] = false } },
    { 400, "InvalidHeader", headers = { ["x-locale"] = "?" } },
    { 400, "InvalidHeader", headers = { ["ms-partnercenter-client"] = false } },
    { 400, "InvalidHeader", headers = { ["content-type"] = "text/plain" }, body = "1" },
    { 400, "InvalidHeader", headers = { ["content-type"] = false }, body = "1" },
    { 404, "NotFound", path = "/v1/nowhere" },
    { 404, "NotFound", path = "/v2/customers/" .. CUSTOMER .. "/qualifications" },
    { 400, "InvalidCustomerId", path = "/v1/customers/nobody/qualifications" },
    { 405, "MethodNotAllowed", method = "DELETE" },
    { 400, "InvalidInput", body = "" },
    { 400, "InvalidInput", body = "1", method = "GET" },
    { 400, "InvalidInput", body = "{" },
    { 400, "InvalidInput", body = "true" },
    { 400, "InvalidInput", body = "{}" },
    { 400, "InvalidInput", body = "[1]" },
    { 400, "InvalidInput", body = "9" },
    { 400, "InvalidInput", body = "0" },
    { 400, "InvalidInput", body = "3" },
    { 400, "InvalidInput", body = '{"qualification":"Nonprofit"}' },
    { 400, "InvalidInput", body = '{"qualification":"Education","website":null}' },
    { 400, "InvalidInput", body = '{"qualification":"Education","webiste":"x"}' },
    { 400, "InvalidInput", body = '{"qualification":"Education","educationSegment":"K13"}' },
    { 400, "InvalidInput", body = '{"qualification":"GovernmentCommunityCloud","validationCode":"1"}' },
    { 400, "InvalidInput", body = '{"qualification":"GovernmentCommunityCloud"}', path = PATH .. "?code=1" },
    { 400, "InvalidInput", path = PATH .. "?code=2",
      body = '{"qualification":"GovernmentCommunityCloud","validationCode":"1"}' },
  }
  for _, row in ipairs(refused) do
    it(("refuses with %d %s: %s"):format(row[1], row[2], cjson.encode { row.headers, row.path, row.body }), function()
      local method = row.method or (row.body and "POST" or "GET")
      local status, answer = raw(method, row.path or PATH, row.headers or {}, row.body)
      assert.equal(row[1], status)
      assert.equal(row[2], answer.code)
      assert.is_string(answer.description)
      assert.equal("PartnerCenterSandbox", answer.source)
      assert.same({}, assert(client:get_qualifications(CUSTOMER)))
    end)
  end

  it("takes what is documented", function()
    assert.equal(201, (raw("POST", PATH .. "?code=a%20b", {}, "3")))
    assert.equal(200, (raw("GET", PATH, { ["ms-requestid"] = (REQUEST_ID:gsub("1$", "2")) })))
  end)

  it("refuses a request body that is far too large", function()
    local status, answer = raw("POST", PATH, {}, ("x"):rep(2 * 1024 * 1024))
    assert.equal(413, status)
    assert.equal("BodyTooLarge", answer.code)
  end)

  it("fails so many times, where told", function()
    server:fail { status = 503, times = 2, path = "/qualifications" }
    server:fail { status = 500, path = "/elsewhere" }
    for _ = 1, 2 do
      local _, err = client:get_qualifications(CUSTOMER)
      assert.equal("server_busy", err.category)
      assert.equal("The sandbox was told to fail with 503.", err.message)
    end
    assert(client:get_qualifications(CUSTOMER))
  end)

  it("gives a failure no effect", function()
    server:fail { status = 500 }
    assert.is_nil((client:update_qualification(CUSTOMER, "Education")))
    assert.same({}, assert(client:get_qualifications(CUSTOMER)))
  end)

  it("delays an answer that it gives all the same", function()
    server:fail { delay = 0.2 }
    local _, _, meta = client:update_qualification(CUSTOMER, "Education")
    assert.is_true(meta.elapsed >= 0.2)
    assert.equal(201, meta.status)
  end)

  it("has a latency for every answer", function()
    local slow = assert(sandbox.start { latency = 0.1 })
    local patient = assert(partnercenter.new(access.options(slow)))
    for _ = 1, 2 do
      local _, _, meta = patient:get_qualifications(CUSTOMER)
      assert.is_true(meta.elapsed >= 0.1)
    end
    patient:close()
    slow:stop()
  end)

  it("stops while answers are held back", function()
    local slow = assert(sandbox.start())
    local patient = assert(partnercenter.new(access.options(slow)))
    slow:fail { delay = 3600, times = 2 }
    local _, err = patient:get_qualifications(CUSTOMER, { timeout = 0.1, max_retries = 0 })
    assert.equal("timeout", err.category)
    slow:stop()
    _, err = patient:get_qualifications(CUSTOMER, { max_retries = 0 })
    assert.equal("network", err.category)
    patient:close()
  end)

  it("raises for a rule that it does not understand", function()
    local rules = {
      [{ statsu = 500 }] = "unknown option 'statsu'", [{ status = "500" }] = "bad option 'status'",
      [{ status = 99 }] = "status must be a whole number from 200 to 599", [{ times = 0 }] = "times must be",
      [{ body = "{}" }] = "body and headers go with a status", [{}] = "a rule needs a status or a delay",
      [{ headers = { 1 } }] = "headers must be strings by name", [{ delay = -1 }] = "delay must be seconds",
    }
    for rule, says in pairs(rules) do
      local ok, message = pcall(server.fail, server, rule)
      assert.is_false(ok)
      assert.matches(says, message)
    end
  end)

  it("shows the requests as they came", function()
    client:update_qualification(CUSTOMER, "GovernmentCommunityCloud", { validation_code = "a b" })
    local request = access.service_requests(server)[1]
    assert.equal("POST", request.method)
    assert.equal(PATH, request.path)
    assert.equal("code=a%20b", request.query)
    assert.equal("a b", cjson.decode(request.body).validationCode)
    assert.equal("v1", request.headers["ms-contract-VERSION"])
    assert.is_nil(request.headers["x-other"])
    assert.is_true(math.abs(request.time - os.time()) < 3600)
  end)

  it("can be stopped twice, and raises for anything else then", function()
    server:stop()
    server:stop()
    for _, method in ipairs { "base_url", "login_url", "requests", "client_options" } do
      local ok, message = pcall(server[method], server)
      assert.is_false(ok)
      assert.matches("the sandbox is stopped", message)
    end
    server = assert(sandbox.start())
  end)

  it("forgets the oldest of more than 10,000 requests", function()
    local ids = {}
    for i = 1, 10002 do
      ids[i] = ("aaaaaaaa-0000-4000-8000-%012d"):format(i)
      assert(client:get_qualifications(CUSTOMER, { request_id = ids[i] }))
    end
    local requests = server:requests()
    assert.equal(10000, #requests)
    assert.equal(ids[3], requests[1].headers["MS-RequestId"])
    assert.equal(ids[10002], requests[10000].headers["MS-RequestId"])
  end)
end)
