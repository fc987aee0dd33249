-- SPDX-License-Identifier: MIT
--- The token authority of the sandbox, and what its tokens are good for.
local access = require "tests.support.access"
local cjson = require "cjson.safe"
local sandbox = require "partnercenter.sandbox"
local service = require "partnercenter.sandbox.service"
local tokens = require "partnercenter.sandbox.tokens"

local CUSTOMER = "/v1/customers/3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local GUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local FORM = { ["content-type"] = "application/x-www-form-urlencoded" }

local server

before_each(function() server = assert(sandbox.start()) end)
after_each(function() server:stop() end)

local requests_sent = 0

--- The headers of a request to the service, with a request id that has not been used.
local function headers_of(token)
  requests_sent = requests_sent + 1
  local id = ("aaaaaaaa-0000-4000-8000-%012d"):format(requests_sent)
  return {
    ["authorization"] = "Bearer " .. token,
    ["accept"] = "application/json",
    ["ms-requestid"] = id,
    ["ms-correlationid"] = id,
    ["ms-contract-version"] = "v1",
    ["x-locale"] = "en-US",
    ["ms-partnercenter-client"] = "spec",
  }
end

--- A request to the service.
local function call(token, method, path, body, request_id)
  local headers = headers_of(token)
  headers["ms-requestid"] = request_id or headers["ms-requestid"]
  headers["content-type"] = body and "application/json"
  return access.send(server:base_url() .. path, method, headers, body)
end

local function get(token)
  return call(token, "GET", CUSTOMER .. "/qualifications")
end

--- A form with other values in it; `false` leaves one out.
local function changed(form, changes)
  for name, value in pairs(changes) do
    form[name] = value or nil
  end
  return form
end

local function post(changes, endpoint)
  return access.post(server, changed(access.form(server), changes), endpoint)
end

--- The form of a device login: of its begin, or with the code that the begin gave.
local function login_form(device_code)
  local options = server:client_options()
  return {
    client_id = options.client_id, resource = options.base_url,
    grant_type = device_code and "device_code", code = device_code,
  }
end

--- A refusal in Entra ID's form.
local function assert_refused(status, kind, number, answered_status, answer)
  assert.equal(status, answered_status)
  assert.equal(kind, answer.error)
  assert.same({ number }, answer.error_codes)
  assert.equal(("AADSTS%d: "):format(number), answer.error_description:match "^AADSTS%d+: ")
  assert.matches(GUID, answer.correlation_id)
  assert.matches(GUID, answer.trace_id)
  assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%dZ$", answer.timestamp)
end

describe("client_options", function()
  it("are those of an app and its user, and of this sandbox alone", function()
    local options = server:client_options()
    assert.equal(server:base_url(), options.base_url)
    assert.equal(server:login_url(), options.login_url)
    assert.matches(GUID, options.tenant_id)
    assert.matches(GUID, options.client_id)
    assert.is_true(options.allow_insecure_http)
    assert.is_nil(options.access_token)
    local other = assert(sandbox.start())
    local others = other:client_options()
    other:stop()
    for _, name in ipairs { "tenant_id", "client_id", "client_secret", "refresh_token" } do
      assert.not_equal(options[name], others[name])
      assert.equal(options[name], server:client_options()[name])
    end
  end)

  it("are not shared: a script may change its copy", function()
    server:client_options().refresh_token = nil
    assert.is_string(server:client_options().refresh_token)
  end)
end)

describe("grant_type=refresh_token", function()
  it("gives an access token and a refresh token, with numbers as strings", function()
    local status, answer = post {}
    assert.equal(200, status)
    assert.equal("Bearer", answer.token_type)
    assert.equal("3600", answer.expires_in)
    assert.is_string(answer.expires_on)
    assert.is_true(math.abs(tonumber(answer.expires_on) - os.time() - 3600) <= 60)
    for _, token in ipairs { answer.access_token, answer.refresh_token } do
      assert.equal(1200, #token)
      assert.matches("^[%w_-]+%.[%w_-]+%.[%w_-]+$", token)
    end
    assert.equal(200, (get(answer.access_token)))
  end)

  it("rotates the refresh token, and the older ones stay valid", function()
    local first = server:client_options().refresh_token
    local _, answer = post {}
    local second = answer.refresh_token
    _, answer = post { refresh_token = second }
    local third = answer.refresh_token
    assert.not_equal(first, second)
    assert.not_equal(second, third)
    local seen = {}
    for _, token in ipairs { first, second, third, first } do
      local status
      status, answer = post { refresh_token = token }
      assert.equal(200, status)
      assert.is_nil(seen[answer.access_token])
      seen[answer.access_token] = true
      assert.equal(200, (get(answer.access_token)))
    end
  end)

  for what, changes in pairs {
    ["another address as the resource, as through a proxy"] = { resource = "https://partnercenter.example:8443/x" },
    ["more scopes than openid"] = { scope = "openid profile" },
    ["a parameter that it does not know"] = { prompt = "none" },
  } do
    it("takes " .. what, function()
      assert.equal(200, (post(changes)))
    end)
  end

  it("takes the ids in capitals, a charset and a form's plus sign", function()
    local options = server:client_options()
    local form = changed(access.form(server), { client_id = options.client_id:upper(), scope = "openid profile" })
    local status = access.send(("%s/%s/oauth2/token"):format(server:login_url(), options.tenant_id:upper()), "POST",
      { ["content-type"] = "Application/x-www-form-urlencoded; charset=utf-8" },
      (access.encode(form):gsub("%%20", "+")))
    assert.equal(200, status)
  end)
end)

describe("grant_type=client_credentials", function()
  it("gives an access token of the app alone, and no refresh token", function()
    local status, answer = access.post(server, access.form(server, "app"))
    assert.equal(200, status)
    assert.equal("3600", answer.expires_in)
    assert.equal(1200, #answer.access_token)
    assert.is_nil(answer.refresh_token)
    assert.equal(200, (get(answer.access_token)))
  end)

  it("is for the graph only", function()
    local form = changed(access.form(server, "app"), { resource = server:base_url() })
    assert_refused(400, "invalid_resource", 500011, access.post(server, form))
  end)
end)

describe("grant_type=device_code", function()
  local function begin()
    local status, login = access.post(server, login_form(), "devicecode")
    assert.equal(200, status)
    return login
  end

  it("begins with a code for the person and one for the script", function()
    local login = begin()
    assert.matches("^[A-HJ-NP-Z2-9]+$", login.user_code)
    assert.equal(9, #login.user_code)
    assert.is_string(login.device_code)
    assert.equal("https://microsoft.com/devicelogin", login.verification_url)
    assert.equal("1", login.interval)
    assert.equal("900", login.expires_in)
    assert.is_truthy(login.message:find(login.user_code, 1, true))
    assert.is_truthy(login.message:find(login.verification_url, 1, true))
  end)

  it("is pending at the first poll, succeeds at the second, and works once", function()
    local form = login_form(begin().device_code)
    assert_refused(400, "authorization_pending", 70016, access.post(server, form))
    local status, answer = access.post(server, form)
    assert.equal(200, status)
    assert.equal(201, (call(answer.access_token, "POST", CUSTOMER .. "/qualifications", "1")))
    assert.equal(200, (post { refresh_token = answer.refresh_token }))
    assert_refused(400, "invalid_grant", 54005, access.post(server, form))
  end)

  it("keeps logins apart", function()
    local one, other = login_form(begin().device_code), login_form(begin().device_code)
    assert.equal(400, (access.post(server, one)))
    assert_refused(400, "authorization_pending", 70016, access.post(server, other))
    assert.equal(200, (access.post(server, one)))
    assert.equal(200, (access.post(server, other)))
  end)

  it("refuses a code that was never given, and does not count a poll that is wrong", function()
    assert_refused(400, "invalid_grant", 70000, access.post(server, login_form "nothing"))
    local form = login_form(begin().device_code)
    for _ = 1, 2 do
      local wrong = changed(login_form(form.code), { client_id = "wrong" })
      assert_refused(400, "unauthorized_client", 700016, access.post(server, wrong))
    end
    assert_refused(400, "authorization_pending", 70016, access.post(server, form))
  end)

  for _, name in ipairs { "client_id", "resource" } do
    it("does not begin without " .. name, function()
      local status, answer = access.post(server, changed(login_form(), { [name] = false }), "devicecode")
      assert_refused(400, "invalid_request", 900144, status, answer)
      assert.matches("'" .. name .. "'", answer.error_description)
    end)
  end

  it("does not begin for another app", function()
    assert_refused(400, "unauthorized_client", 700016,
      access.post(server, changed(login_form(), { client_id = "wrong" }), "devicecode"))
  end)
end)

describe("the authority", function()
  local refused = {
    { 400, "invalid_grant", 70000, { refresh_token = "unknown" } },
    { 400, "unauthorized_client", 700016, { client_id = "00000000-0000-4000-8000-000000000000" } },
    { 401, "invalid_client", 7000215, { client_secret = "wrong" } },
    { 400, "invalid_scope", 70011, { scope = "profile" } },
    { 400, "invalid_resource", 500011, { resource = "partnercenter" } },
    { 400, "unsupported_grant_type", 70003, { grant_type = "password" } },
    { 400, "invalid_request", 900144, { client_secret = "" }, "'client_secret'" },
  }
  for _, name in ipairs { "grant_type", "resource", "client_id", "client_secret", "refresh_token", "scope" } do
    table.insert(refused, { 400, "invalid_request", 900144, { [name] = false }, "'" .. name .. "'" })
  end
  for _, row in ipairs(refused) do
    it(("refuses with %d %s: %s"):format(row[1], row[2], cjson.encode(row[4])), function()
      local status, answer = post(row[4])
      assert_refused(row[1], row[2], row[3], status, answer)
      assert.matches(row[5] or "", answer.error_description)
    end)
  end

  local function url(tenant_id)
    return ("%s/%s/oauth2/token"):format(server:login_url(), tenant_id or server:client_options().tenant_id)
  end

  it("knows one tenant", function()
    local body = access.encode(access.form(server))
    for _, tenant_id in ipairs { "common", "00000000-0000-4000-8000-000000000000" } do
      local status, answer = access.send(url(tenant_id), "POST", FORM, body)
      assert_refused(400, "invalid_request", 90002, status, answer)
      assert.is_truthy(answer.error_description:find("'" .. tenant_id .. "'", 1, true))
    end
  end)

  it("takes a form that was posted, and nothing else", function()
    local body = access.encode(access.form(server))
    assert_refused(405, "invalid_request", 900561, access.send(url(), "GET", {}))
    assert_refused(405, "invalid_request", 900561, access.send(url(), "PUT", FORM, body))
    assert_refused(400, "invalid_request", 90023,
      access.send(url(), "POST", { ["content-type"] = "application/json" }, "{}"))
    assert_refused(400, "invalid_request", 90023, access.send(url(), "POST", {}, body))
    assert_refused(413, "invalid_request", 90023, access.send(url(), "POST", FORM, ("x"):rep(2 * 1024 * 1024)))
  end)

  it("has these two endpoints only", function()
    local options = server:client_options()
    local status = access.send(("%s/%s/oauth2/authorize"):format(options.login_url, options.tenant_id), "POST", FORM, "")
    assert.equal(401, status) -- that is the service, which nobody asks without a token
  end)

  it("gives each refusal ids of its own", function()
    local _, first = post { client_secret = "wrong" }
    local _, second = post { client_secret = "wrong" }
    assert.not_equal(first.correlation_id, second.correlation_id)
    assert.not_equal(first.trace_id, second.trace_id)
    assert.not_equal(first.trace_id, first.correlation_id)
  end)
end)

describe("a token of the app alone", function()
  local UPDATES = {
    { "POST", CUSTOMER .. "/qualifications", "1" },
    { "PUT", CUSTOMER .. "/qualification", "1" },
  }

  it("is refused for the updates and the validation status", function()
    local token = access.token(server, "app")
    local needing = { UPDATES[1], UPDATES[2], { "GET", CUSTOMER .. "/validationStatus?type=account" } }
    for _, row in ipairs(needing) do
      local status, answer = call(token, row[1], row[2], row[3])
      assert.equal(403, status)
      assert.equal("Forbidden", answer.code)
      assert.matches("App%+User", answer.description)
      assert.equal("PartnerCenterSandbox", answer.source)
    end
    assert.same({}, (select(2, get(token))))
    assert.equal(200, (call(access.token(server), "GET", CUSTOMER .. "/validationStatus?type=account")))
  end)

  it("reads everything else", function()
    local token = access.token(server, "app")
    local paths = {
      CUSTOMER, CUSTOMER .. "/qualification", CUSTOMER .. "/qualifications", "/v1/customers/all/validations",
      "/v1/customers",
    }
    for _, path in ipairs(paths) do
      assert.equal(200, (call(token, "GET", path)))
    end
  end)

  it("does not get the answer of an update by its request id", function()
    local id = "bbbbbbbb-0000-4000-8000-000000000001"
    for _, row in ipairs(UPDATES) do
      server:stop()
      server = assert(sandbox.start())
      assert.is_true(call(access.token(server), row[1], row[2], row[3], id) < 300)
      assert.equal(403, (call(access.token(server, "app"), row[1], row[2], row[3], id)))
      assert.is_true(call(access.token(server), row[1], row[2], row[3], id) < 300)
    end
  end)
end)

describe("token_lifetime", function()
  it("is told, and ends an access token", function()
    server:stop()
    server = assert(sandbox.start { token_lifetime = 1.5 })
    local _, answer = post {}
    assert.equal("1", answer.expires_in)
    local status, refused
    local accepted = 0
    repeat
      accepted = accepted + 1
      status, refused = get(answer.access_token)
    until status ~= 200
    assert.is_true(accepted > 1)
    assert.equal(401, status)
    assert.equal("Unauthorized", refused.code)
    assert.equal(200, (get((select(2, post { refresh_token = answer.refresh_token })).access_token)))
  end)

  for _, row in ipairs {
    { { token_lifetime = -1 }, "token_lifetime must be seconds" },
    { { rate_limit = 0 }, "rate_limit must be a whole number from 1" },
    { { rate_limit = 1.5 }, "rate_limit must be a whole number from 1" },
  } do
    it("or rate_limit is refused: " .. cjson.encode(row[1]), function()
      local started, err = sandbox.start(row[1])
      assert.is_nil(started)
      assert.equal("bad_input", err.category)
      assert.matches(row[2], err.message)
    end)
  end
end)

describe("rate_limit", function()
  it("answers 429 with Retry-After, and does not count the requests for tokens", function()
    server:stop()
    server = assert(sandbox.start { rate_limit = 2 })
    local token = access.token(server)
    local status, answer, headers
    local sent = 0
    repeat
      sent = sent + 1
      status, answer, headers = get(token)
    until status ~= 200
    assert.is_true(sent > 2)
    assert.equal(429, status)
    assert.equal("TooManyRequests", answer.code)
    assert.equal("PartnerCenterSandbox", answer.source)
    assert.equal("1", headers["retry-after"])
    for _ = 1, 5 do
      assert.equal(200, (post {}))
    end
    repeat until get(token) == 200
  end)
end)

describe("fail", function()
  it("without a path means the service alone", function()
    server:fail { status = 503 }
    local token = access.token(server)
    assert.equal(200, (access.post(server, login_form(), "devicecode")))
    assert.equal(503, (get(token)))
    assert.equal(200, (get(token)))
  end)

  it("with a path may mean the requests for tokens", function()
    server:fail { status = 429, times = 2, path = "/oauth2/token", headers = { ["Retry-After"] = "7" } }
    assert.equal(401, (get "nothing"))
    for _ = 1, 2 do
      local status, answer, headers = post {}
      assert_refused(429, "temporarily_unavailable", 90033, status, answer)
      assert.equal("7", headers["retry-after"])
    end
    assert.equal(200, (post {}))
  end)

  it("gives the body that it is told", function()
    server:fail { status = 400, path = "/oauth2/token", body = '{"error":"authorization_declined"}' }
    local status, answer = post {}
    assert.equal(400, status)
    assert.same({ error = "authorization_declined" }, answer)
  end)
end)

describe("requests", function()
  it("hold those for tokens too, as they were sent and in order", function()
    local token = access.token(server)
    get(token)
    access.token(server, "app")
    local requests = server:requests()
    assert.equal(3, #requests)
    assert.equal("/" .. server:client_options().tenant_id .. "/oauth2/token", requests[1].path)
    assert.equal("POST", requests[1].method)
    assert.equal(FORM["content-type"], requests[1].headers["Content-Type"])
    assert.is_truthy(requests[1].body:find("refresh_token=" .. server:client_options().refresh_token, 1, true))
    assert.equal("Bearer " .. token, requests[2].headers.Authorization)
    assert.matches("grant_type=client_credentials", requests[3].body)
    assert.equal(1, #access.service_requests(server))
  end)
end)

--- The service alone, with a clock of the spec's.
describe("in time", function()
  local clock, serving

  local function start(settings)
    settings.tenant_id, settings.client_id = "tenant", "app"
    settings.client_secret, settings.refresh_token = "secret", "first"
    settings.latency, settings.vetting_time, settings.unknown_customers = 0, 0, true
    settings.token_lifetime = settings.token_lifetime or 3600
    clock = 1000
    serving = service.new(cjson.encode(settings))
  end

  local function ask(method, uri, headers, body)
    local answer = serving:answer {
      method = method, uri = uri, headers = headers, body = body, now = clock, time = clock + 1500000000,
    }
    return answer.status, cjson.decode(answer.body), answer.headers
  end

  local function request(token)
    return ask("GET", CUSTOMER, headers_of(token), "")
  end

  local function login(form, endpoint)
    form.client_id, form.resource = "app", "http://here"
    return ask("POST", "/tenant/oauth2/" .. (endpoint or "token"), FORM, access.encode(form))
  end

  local function refresh(token)
    return login { grant_type = "refresh_token", client_secret = "secret", refresh_token = token, scope = "openid" }
  end

  it("an access token lives to the second", function()
    start { token_lifetime = 600 }
    local _, answer = refresh "first"
    assert.equal("600", answer.expires_in)
    assert.equal("1500001600", answer.expires_on)
    clock = 1599.9
    assert.equal(200, (request(answer.access_token)))
    clock = 1600
    assert.equal(401, (request(answer.access_token)))
  end)

  it("a refresh token lives 90 days, and the first one for ever", function()
    start {}
    local _, answer = refresh "first"
    clock = clock + 90 * 24 * 60 * 60 - 1
    assert.equal(200, (refresh(answer.refresh_token)))
    clock = clock + 1
    assert_refused(400, "invalid_grant", 70000, refresh(answer.refresh_token))
    assert.equal(200, (refresh "first"))
  end)

  it("a device code lives 15 minutes", function()
    start {}
    local _, begun = login({}, "devicecode")
    clock = clock + 899
    assert_refused(400, "authorization_pending", 70016, login { grant_type = "device_code", code = begun.device_code })
    clock = clock + 1
    assert_refused(400, "expired_token", 70020, login { grant_type = "device_code", code = begun.device_code })
  end)

  it("so many requests pass in any one second", function()
    start { rate_limit = 3 }
    local _, answer = refresh "first"
    for _, row in ipairs {
      { 0, 200 }, { 0.5, 200 }, { 0.9, 200 }, { 0.95, 429 }, { 0.99, 429 }, { 1, 200 }, { 1.1, 429 }, { 1.5, 200 },
      { 1.8, 429 }, { 1.9, 200 }, { 1.95, 429 }, { 3, 200 }, { 3, 200 }, { 3, 200 }, { 3, 429 },
    } do
      clock = 2000 + row[1]
      local status, _, headers = request(answer.access_token)
      assert.equal(row[2], status)
      assert.equal(row[2] == 429 and "1" or nil, headers["retry-after"])
    end
  end)

  it("dead tokens are forgotten", function()
    local store = tokens.new(10)
    for now = 1, 100 do
      local token = store:issue(now, now)
      assert.equal(now, (store:find(token, now + 9)))
      assert.same({ nil, true }, { store:find(token, now + 10) })
    end
    assert.same({ nil, false }, { store:find("never issued", 100) })
    local kept = 0
    for _ in pairs(store.entries) do
      kept = kept + 1
    end
    assert.equal(20, kept)
  end)
end)
