-- SPDX-License-Identifier: MIT
--- The JSON endpoint of examples/nginx, in front of a sandbox in this process.
local access = require "tests.support.access"
local files = require "tests.support.files"
local cjson = require "cjson.safe"
local portals = require "tests.support.portal"
local sandboxes = require "partnercenter.sandbox"
local socket = require "socket"

local JSON = "application/json"
local EDUCATION = '{"qualification":"Education","education_segment":"K12","website":"example.edu"}'

local customers = 0

local function new_customer()
  customers = customers + 1
  return ("3f2504e0-4f89-41d3-9a0c-%012d"):format(customers)
end

local function get(portal, customer, method)
  return access.send(("%s/api/customers/%s/qualifications"):format(portal.url, customer), method or "GET", {})
end

local function post(portal, customer, body, content_type)
  return access.send(("%s/api/customers/%s/qualifications"):format(portal.url, customer), "POST",
    { ["content-type"] = content_type or JSON }, body)
end

local function wait_until(condition)
  for _ = 1, 200 do
    if condition() then
      return true
    end
    socket.sleep(0.05)
  end
  return false
end

describe("the portal's endpoint", function()
  local sandbox, portal

  setup(function()
    sandbox = assert(sandboxes.start { vetting_time = 3600 })
    portal = portals.start(portals.variables(sandbox))
  end)

  teardown(function()
    portal.stop()
    sandbox:stop()
  end)

  it("sets a qualification and lists it", function()
    local customer = new_customer()
    local status, answer = get(portal, customer)
    assert.equal(200, status)
    assert.same({}, answer)
    local headers
    status, answer, headers = post(portal, customer, EDUCATION)
    assert.equal(201, status)
    assert.equal("InReview", answer.vettingStatus)
    assert.equal("no-store", headers["cache-control"])
    assert.is_nil(headers["access-control-allow-origin"])
    local requests = access.service_requests(sandbox)
    assert.equal(headers["ms-requestid"], requests[#requests].headers["MS-RequestId"])
    assert.same({ qualification = "Education", educationSegment = "K12", website = "example.edu" },
      cjson.decode(requests[#requests].body))
    status, answer = get(portal, "%7B" .. customer:upper() .. "%7D")
    assert.equal(200, status)
    assert.equal("Education", answer[1].qualification)
  end)

  it("says what the service refuses, with the ids for its support", function()
    local customer = new_customer()
    post(portal, customer, EDUCATION)
    local status, answer = post(portal, customer, '{"qualification":"StateOwnedEntity"}')
    assert.equal(409, status)
    assert.equal("already_exists", answer.category)
    assert.is_false(answer.retryable)
    local requests = access.service_requests(sandbox)
    assert.equal(requests[#requests].headers["MS-RequestId"], answer.request_id)
    assert.equal(requests[#requests].headers["MS-CorrelationId"], answer.correlation_id)
    assert.matches("cannot be changed to StateOwnedEntity", answer.message)
  end)

  it("sends an update again under the id of the first time", function()
    local body = '{"qualification":"Education","request_id":"9daaeb1c-4195-4db5-9f1d-509eb70c8c2d"}'
    local customer = new_customer()
    local _, first = post(portal, customer, body)
    local status, second = post(portal, customer, body)
    assert.equal(201, status)
    assert.same(first, second)
  end)

  for _, row in ipairs {
    { "no JSON", "nope" },
    { "nothing", "" },
    { "an array", '["Education"]' },
    { "no qualification", "{}" },
    { "a qualification that is null", '{"qualification":null}' },
    { "an unknown qualification", '{"qualification":"Nonprofit"}' },
    { "an unknown field", '{"qualification":"Education","color":"red"}' },
    { "a field of another type", '{"qualification":"Education","website":{"a":1}}' },
    { "an empty website", '{"qualification":"Education","website":""}' },
    { "no validation code", '{"qualification":"GovernmentCommunityCloud"}' },
    { "a segment that there is not", '{"qualification":"Education","education_segment":"K13"}' },
  } do
    it("refuses " .. row[1] .. " and sends nothing", function()
      local before = #access.service_requests(sandbox)
      local status, answer = post(portal, new_customer(), row[2])
      assert.equal(400, status)
      assert.equal("bad_input", answer.category)
      assert.equal(0, answer.attempts)
      assert.equal(before, #access.service_requests(sandbox))
    end)
  end

  it("takes a validation code as text or as a number, and null as absent", function()
    for _, code in ipairs { '"0042"', "42" } do
      assert.equal(201, (post(portal, new_customer(),
        '{"qualification":"GovernmentCommunityCloud","website":null,"validation_code":' .. code .. "}")))
    end
  end)

  it("refuses a customer id that is no GUID", function()
    local status, answer = get(portal, "nobody")
    assert.equal(400, status)
    assert.matches("customer_id must be a GUID", answer.message)
  end)

  it("takes no other type of content: another site's page could send it", function()
    for _, content_type in ipairs {
      "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "",
    } do
      local status, answer = post(portal, new_customer(), EDUCATION, content_type)
      assert.equal(415, status)
      assert.equal("unsupported_data_format", answer.category)
    end
    assert.equal(201, (post(portal, new_customer(), EDUCATION, "Application/JSON; charset=utf-8")))
    assert.equal(405, (get(portal, new_customer(), "OPTIONS")))
  end)

  it("allows two methods", function()
    for _, method in ipairs { "PUT", "DELETE", "PATCH", "HEAD" } do
      local status, _, headers = get(portal, new_customer(), method)
      assert.equal(405, status)
      assert.equal("GET, POST", headers.allow)
    end
  end)

  it("takes no large body", function()
    local status, answer = post(portal, new_customer(), ('{"website":"%s"}'):format(("x"):rep(9000)))
    assert.equal(413, status)
    assert.equal("bad_input", answer.category)
  end)

  it("is not reached under another name, nor elsewhere", function()
    assert.equal(421, (access.send(portal.url .. "/", "GET", { host = "portal.example" })))
    local status, answer = access.send(portal.url .. "/api/other", "GET", {})
    assert.equal(404, status)
    assert.equal("not_found", answer.category)
  end)

  -- 429 comes last: it holds back the calls of a worker.
  for _, row in ipairs {
    { 403, 1, 403, "forbidden" },
    { 404, 1, 404, "not_found" },
    { 401, 2, 502, "unauthorized" },
    { 405, 1, 502, "invalid_operation" },
    { 418, 1, 502, "server_error" },
    { 500, 4, 502, "server_error" },
    { 504, 4, 504, "gateway_timeout" },
    { 503, 1, 503, "server_busy", "60" },
    { 429, 1, 429, "too_many_requests", "60" },
  } do
    it(("answers %d where the service answers %d"):format(row[3], row[1]), function()
      sandbox:fail { status = row[1], times = row[2], headers = { ["Retry-After"] = row[5] } }
      local status, answer, headers = get(portal, new_customer())
      assert.equal(row[3], status)
      assert.equal(row[4], answer.category)
      assert.equal(row[5], headers["retry-after"])
    end)
  end

  it("logs what happens, and no secret", function()
    local log = portal.log()
    assert.matches("partnercenter response operation=get_qualifications customer=3f2504e0", log, 1, true)
    assert.matches("%[warn%].* partnercenter throttle ", log)
    local options = sandbox:client_options()
    assert.is_nil(log:find(options.client_secret, 1, true))
    assert.is_nil(log:find(options.refresh_token, 1, true))
    assert.is_nil(log:find("Bearer", 1, true))
    assert.is_nil(log:match "%[alert%]")
  end)
end)

describe("the portal's start", function()
  it("brings a sandbox, which ends with it", function()
    local portal = portals.start()
    local port = portal.sandbox:match "%d+$"
    assert.equal(200, (get(portal, new_customer())))
    assert.is_truthy(socket.connect("127.0.0.1", port))
    portal.stop "INT"
    assert.is_true(wait_until(function() return not socket.connect("127.0.0.1", port) end))
  end)

  it("says what the credentials lack", function()
    local portal = portals.start { PARTNERCENTER_TENANT_ID = "contoso.onmicrosoft.com" }
    local status, answer, headers = get(portal, new_customer())
    assert.equal(503, status)
    assert.equal("unavailable", answer.category)
    assert.equal("10", headers["retry-after"])
    assert.matches("client_id is missing", portal.log(), 1, true)
    assert.matches("env PARTNERCENTER_...;", portal.log(), 1, true)
    assert.matches("client_id is missing", portal.output(), 1, true) -- where it was started, too
    portal.stop()
  end)

  it("answers 502 where the service cannot be reached", function()
    local portal = portals.start { PARTNERCENTER_ACCESS_TOKEN = "token", PARTNERCENTER_BASE_URL = "http://127.0.0.1:1" }
    local status, answer = get(portal, new_customer())
    assert.equal(502, status)
    assert.equal("network", answer.category)
    portal.stop()
  end)
end)

describe("the portal's refresh token", function()
  local directory, path, sandbox, portal

  setup(function()
    directory = os.tmpname()
    os.remove(directory)
    os.execute("mkdir " .. directory)
    path = directory .. "/refresh-token"
    sandbox = assert(sandboxes.start { token_lifetime = 2 })
    files.write(path, sandbox:client_options().refresh_token .. "\n")
    portal = portals.start(portals.variables(sandbox, { PARTNERCENTER_REFRESH_TOKEN_FILE = path }))
  end)

  teardown(function()
    portal.stop()
    sandbox:stop()
    os.execute("rm -r " .. directory)
  end)

  local function token_requests()
    local list = {}
    for _, request in ipairs(sandbox:requests()) do
      list[#list + 1] = request.path:find("/oauth2/token", 1, true) and request or nil
    end
    return list
  end

  local function output_of(command)
    local process = io.popen(command)
    local output = process:read "*a"
    process:close()
    return output
  end

  it("is kept in its file, for all workers", function()
    local first = sandbox:client_options().refresh_token
    for _ = 1, 10 do
      assert.equal(200, (get(portal, new_customer())))
    end
    assert.equal(1, #token_requests())
    local second = files.read(path)
    assert.not_equal(first, second)
    assert.equal("600 refresh-token\n", output_of(("cd %s && stat -c '%%a %%n' *"):format(directory)))
    socket.sleep(2)
    assert.equal(200, (get(portal, new_customer())))
    local requests = token_requests()
    assert.equal(2, #requests)
    assert.is_truthy(requests[2].body:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
      :find(second, 1, true))
    assert.not_equal(second, files.read(path))
  end)

  it("is missed where the file is gone", function()
    os.remove(path)
    socket.sleep(2)
    local status, answer = get(portal, new_customer())
    assert.equal(502, status)
    assert.equal("unauthorized", answer.category)
    assert.matches("No such file", answer.message, 1, true)
  end)
end)
