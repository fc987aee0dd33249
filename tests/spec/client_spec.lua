-- SPDX-License-Identifier: MIT
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

--- The options of `new`, in the order in which the message lists them.
local OPTIONS = {
  "cloud", "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token", "on_refresh_token",
  "access_token", "token_cache", "timeout", "connect_timeout", "deadline", "max_retries", "max_retry_after",
  "max_connections", "http2", "locale", "application_name", "user_agent", "ca_file", "proxy", "allow_insecure_http",
  "max_response_size", "on_event",
}

--- What tells a client who it is, whole but for the changes; `false` leaves one out.
local function credentials(changes)
  local options = {
    tenant_id = "contoso.onmicrosoft.com", client_id = "app", client_secret = "secret", refresh_token = "refresh",
  }
  for name, value in pairs(changes) do
    options[name] = value or nil
  end
  return options
end

describe("partnercenter.new", function()
  it("names an unknown option and the allowed ones", function()
    local _, message = pcall(partnercenter.new, { acces_token = "x" })
    assert.matches("unknown option 'acces_token' %(allowed: " .. table.concat(OPTIONS, ", ") .. "%)$", message)
    _, message = pcall(partnercenter.new, { "x" })
    assert.matches("unknown option '1'", message)
    _, message = pcall(partnercenter.new, { [true] = "x" })
    assert.matches("unknown option 'boolean'", message)
  end)

  it("says that it is no method", function()
    local _, message = pcall(partnercenter.new, partnercenter, { access_token = "x" })
    assert.matches("partnercenter%.new is no method: call it as partnercenter%.new { ... }$", message)
  end)

  it("raises at the line of the caller", function()
    local _, message = pcall(function()
      local client = partnercenter.new { timeout = "long" }
      return client
    end)
    assert.matches("client_spec%.lua:%d+: bad option 'timeout' %(number expected, got string%)", message)
  end)

  local wrong_types = {
    cloud = 1, base_url = 1, login_url = {}, tenant_id = 1, client_id = 1, client_secret = 1, refresh_token = 1,
    on_refresh_token = "print", access_token = 1, token_cache = "memory", timeout = "1", connect_timeout = {},
    deadline = "300", max_retries = "3", max_retry_after = true, max_connections = true,
    http2 = 1, locale = 5, application_name = false, user_agent = print, ca_file = {},
    proxy = 3128, allow_insecure_http = "yes", max_response_size = "1", on_event = {},
  }
  for _, name in ipairs(OPTIONS) do
    local value = wrong_types[name]
    it("raises for a " .. type(value) .. " as " .. name, function()
      local options = { access_token = "token" }
      options[name] = value
      local raised, message = pcall(partnercenter.new, options)
      assert.is_false(raised)
      assert.matches("bad option '" .. name .. "' %(.* expected, got " .. type(value) .. "%)", message)
    end)
  end

  it("raises for options that are no table", function()
    local _, message = pcall(partnercenter.new, "token")
    assert.matches("bad options %(table expected, got string%)", message)
  end)

  local bad_data = {
    { base_url = "api.example.com", says = "base_url is no URL: it must look like https://host" },
    { base_url = "ftp://example.com", says = "base_url must begin with https:// or http://" },
    { base_url = "file:///etc/passwd", says = "base_url must begin with https:// or http://" },
    { base_url = "gopher://127.0.0.1", says = "base_url must begin with https:// or http://" },
    { base_url = "scp://127.0.0.1/etc/passwd", says = "base_url must begin with https:// or http://" },
    { base_url = "ldap://127.0.0.1", says = "base_url must begin with https:// or http://" },
    { base_url = "javascript:alert(1)", says = "base_url " },
    { base_url = "http://example.com", says = "base_url uses plain http.*allow_insecure_http" },
    { base_url = "http://127.0.0.1.example.com", says = "base_url uses plain http" },
    { base_url = "https://user:pass@example.com", says = "base_url must not contain a user name" },
    { base_url = "https://example.com?x=y", says = "base_url must not contain a query" },
    { timeout = 0, says = "timeout must be seconds, more than 0" },
    { timeout = -1, says = "timeout must be seconds, more than 0" },
    { timeout = 0 / 0, says = "timeout must be seconds, more than 0" },
    { timeout = math.huge, says = "timeout must be seconds, more than 0 and at most 2073600" },
    { connect_timeout = 1e9, says = "connect_timeout must be seconds" },
    { max_connections = 0, says = "max_connections must be a whole number from 1 to 2" },
    { max_connections = 1.5, says = "max_connections must be a whole number" },
    { max_connections = 65536, says = "max_connections must be at most 65535" },
    { max_response_size = 0, says = "max_response_size must be a whole number" },
    { ca_file = "/does/not/exist", says = "ca_file must be a file that can be read, and not '/does/not/exist'" },
    { proxy = "http://proxy:port", says = "proxy must look like http://host:port" },
    { access_token = "", says = "access_token must not be empty" },
    { access_token = "two words", says = "access_token must be the token alone" },
    { access_token = "Bearer abc", says = "access_token must be the token alone.*no \"Bearer\"" },
    { access_token = "50%25", says = "access_token must be the token alone" },
    { base_url = "http://127.0.0.1:1", proxy = "http://192.0.2.1:3128", says = "proxy would see the access token" },
    { ca_file = "/tmp", says = "ca_file must be a file that can be read, and not '/tmp'" },
    { proxy = "ftp://proxy:21", says = "proxy must look like http://host:port" },
    { locale = "  ", says = "locale must not be empty" },
    { access_token = "caf\195\169", says = "access_token must be the token alone" },
  }
  for _, name in ipairs { "base_url", "locale", "application_name", "user_agent", "ca_file", "proxy" } do
    for _, value in ipairs { "a\rb", "a\nb", "a\0b", "\127" } do
      table.insert(bad_data, { [name] = value, says = name .. " must not contain control characters" })
    end
    if name ~= "proxy" then -- where it means none
      table.insert(bad_data, { [name] = "", says = name .. " must not be empty" })
    end
  end
  for _, value in ipairs { "a\rb", "a\nb", "a\0b" } do
    table.insert(bad_data, { access_token = value, says = "access_token must be the token alone" })
  end
  for _, row in ipairs(bad_data) do
    it("refuses: " .. row.says, function()
      local options = { access_token = "token" }
      for name, value in pairs(row) do
        options[name] = value
      end
      options.says = nil
      local client, err = partnercenter.new(options)
      assert.is_nil(client)
      assert.equal("bad_input", err.category)
      assert.matches(row.says, err.message)
      assert.is_false(err.retryable)
    end)
  end

  local INSTEAD = ": give tenant_id, client_id and client_secret %(and for the updates refresh_token%), or an access_token$"
  local incomplete = {
    { {}, "tenant_id" },
    { { timeout = 5 }, "tenant_id" },
    { { refresh_token = "refresh" }, "tenant_id" },
    { { refresh_token = function() end, client_id = "app", client_secret = "secret" }, "tenant_id" },
    { credentials { tenant_id = false }, "tenant_id" },
    { credentials { client_id = false }, "client_id" },
    { credentials { client_secret = false }, "client_secret" },
    { credentials { client_secret = false, refresh_token = false }, "client_secret" },
  }
  for i, row in ipairs(incomplete) do
    it(("refuses credentials without %s (%d)"):format(row[2], i), function()
      local client, err = partnercenter.new(row[1])
      assert.is_nil(client)
      assert.equal("bad_input", err.category)
      assert.matches("^" .. row[2] .. " is missing" .. INSTEAD, err.message)
      assert.is_false(err.retryable)
      assert.equal(0, err.attempts)
    end)
  end

  it("refuses to be made of nothing", function()
    local client, err = partnercenter.new()
    assert.is_nil(client)
    assert.equal("bad_input", err.category)
    assert.matches("^tenant_id is missing", err.message)
  end)

  local bad_credentials = {
    { { cloud = "mars" }, "^cloud must be global, china, germany or usgov, and not 'mars'$" },
    { { cloud = "Global" }, "^cloud must be global" },
    { { cloud = "" }, "^cloud must not be empty$" },
    { { login_url = "login.example.com" }, "^login_url is no URL: it must look like https://host" },
    { { login_url = "http://login.example.com" }, "^login_url uses plain http.*allow_insecure_http" },
    { { login_url = "http://127.0.0.1.example.com" }, "^login_url uses plain http" },
    { { login_url = "https://user:pass@example.com" }, "^login_url must not contain a user name" },
    { { login_url = "https://example.com?x=y" }, "^login_url must not contain a query" },
    { { login_url = "http://127.0.0.1:1", proxy = "http://192.0.2.1:3128" }, "^proxy would see the access token" },
  }
  for _, value in ipairs { "a/b", "..", ".com", "a b", "a?b", "a#b", "a%2Fb", "", "caf\195\169", "a\nb", "a\0b" } do
    table.insert(bad_credentials, { { tenant_id = value }, "^tenant_id must be the tenant's GUID or one of its domains" })
  end
  for _, name in ipairs { "cloud", "login_url", "client_id", "client_secret", "refresh_token" } do
    for _, value in ipairs { "a\rb", "a\nb", "a\0b", "\127" } do
      table.insert(bad_credentials, { { [name] = value }, "^" .. name .. " must not contain control characters" })
    end
    for _, value in ipairs { "", "  " } do
      table.insert(bad_credentials, { { [name] = value }, "^" .. name .. " must not be empty$" })
    end
  end
  for i, row in ipairs(bad_credentials) do
    it(("refuses credentials: %s (%d)"):format(row[2], i), function()
      local client, err = partnercenter.new(credentials(row[1]))
      assert.is_nil(client)
      assert.equal("bad_input", err.category)
      assert.matches(row[2], err.message)
      assert.is_false(err.retryable)
    end)
  end

  for _, changes in ipairs {
    { cloud = "china" }, { login_url = "http://localhost:1" }, { refresh_token = false },
    { refresh_token = function() end }, { on_refresh_token = print },
    { tenant_id = "3F2504E0-4F89-41D3-9A0C-0305E82C3301" },
    { login_url = "http://login.example.com", allow_insecure_http = true },
  } do
    local name, value = next(changes)
    it(("takes %s as %s"):format(tostring(value):gsub(":.*", ""), name), function()
      assert(partnercenter.new(credentials(changes))):close()
    end)
  end

  for _, name in ipairs { "tenant_id", "client_id", "client_secret", "refresh_token" } do
    it("raises for access_token together with " .. name, function()
      for _, access_token in ipairs { "token", function() end } do
        local raised, message = pcall(partnercenter.new, { access_token = access_token, [name] = "x" })
        assert.is_false(raised)
        assert.matches("bad options %(access_token is given instead of tenant_id, client_id, "
          .. "client_secret and refresh_token, not together with any of them%)$", message)
      end
    end)
  end

  local no_caches = {
    ["an empty table"] = {}, ["get alone"] = { get = print }, ["set alone"] = { set = print },
    ["a file"] = io.stdout, ["an object that raises"] = setmetatable({}, { __index = error }),
  }
  for what, object in pairs(no_caches) do
    it("raises for a token_cache that is wrong: " .. what, function()
      local raised, message = pcall(function()
        local client = partnercenter.new(credentials { token_cache = object })
        return client
      end)
      assert.is_false(raised)
      assert.matches("client_spec%.lua:%d+: bad option 'token_cache' "
        .. "%(an object with the methods get and set expected%)$", message)
    end)
  end

  it("takes plain http to another host when told", function()
    local client = assert(partnercenter.new {
      base_url = "http://example.com", access_token = "token", allow_insecure_http = true,
    })
    client:close()
  end)
end)

describe("a client", function()
  local server, client

  before_each(function()
    server = assert(sandbox.start())
    client = assert(partnercenter.new(access.options(server)))
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  it("can be closed twice, and raises for any other method then", function()
    client:close()
    client:close()
    for _, method in ipairs { "update_qualification", "get_qualifications" } do
      local raised, message = pcall(client[method], client, CUSTOMER, "Education")
      assert.is_false(raised)
      assert.matches("the client is closed", message)
    end
    assert.same({}, access.service_requests(server))
  end)

  it("raises when a method is called without it", function()
    local raised, message = pcall(client.get_qualifications, CUSTOMER)
    assert.is_false(raised)
    assert.matches("call it as client:get_qualifications", message)
    assert.is_false(pcall(client.close))
  end)

  it("raises for an unknown option of a call, with the line of the caller", function()
    local _, message = pcall(function()
      local result = client:get_qualifications(CUSTOMER, { website = "example.edu" })
      return result
    end)
    assert.matches("client_spec%.lua:%d+: unknown option 'website' "
      .. "%(allowed: request_id, correlation_id, timeout, deadline, max_retries%)",
      message)
    assert.same({}, access.service_requests(server))
  end)

  it("is not disturbed by others in the process", function()
    local others = {}
    for i = 1, 10 do
      local other = assert(sandbox.start())
      others[i] = { server = other, client = assert(partnercenter.new(access.options(other))) }
    end
    for round = 1, 3 do
      for i, other in ipairs(others) do
        local id = ("3f2504e0-4f89-41d3-9a0c-%012d"):format(round)
        assert(other.client:update_qualification(id, "Education", { website = "w" .. i .. ".example" }))
        if round == i then
          other.client:close()
          other.client = assert(partnercenter.new(access.options(other.server)))
        end
      end
    end
    for i, other in ipairs(others) do
      local requests = access.service_requests(other.server)
      assert.equal(3, #requests)
      for _, request in ipairs(requests) do
        assert.matches("w" .. i .. ".example", request.body, 1, true)
      end
      other.client:close()
      other.server:stop()
    end
    assert.same({}, access.service_requests(server))
  end)

  it("can be left to the garbage collector", function()
    for _ = 1, 20 do
      local left = assert(partnercenter.new(access.options(server)))
      assert(left:get_qualifications(CUSTOMER))
    end
    collectgarbage()
    collectgarbage()
    assert(client:get_qualifications(CUSTOMER))
  end)

  it("is closed at the end of its scope on Lua 5.4", function()
    local open_scope = (loadstring or load)([[
      local client = ...
      do local scoped <close> = client end
    ]])
    if not open_scope then
      assert.is_true(_VERSION < "Lua 5.4")
      return
    end
    open_scope(client)
    assert.has_error(function() client:get_qualifications(CUSTOMER) end)
  end)
end)

describe("connections", function()
  local server

  before_each(function() server = servers.raw() end)
  after_each(function() server.stop() end)

  it("are reused from call to call", function()
    local client = assert(partnercenter.new { base_url = server.url "ok", access_token = "token" })
    for _ = 1, 5 do
      assert(client:update_qualification(CUSTOMER, "Education"))
    end
    for _, request in ipairs(server.requests()) do
      assert.equal(1, request.connection)
    end
    assert.equal(5, #server.requests())
    client:close()
  end)

  it("do not go through a proxy of the environment to reach this machine", function()
    local script = ([[
      local client = require "partnercenter".new { base_url = "%s", access_token = "token" }
      assert(client:update_qualification("%s", "Education"))
    ]]):format(server.url "ok", CUSTOMER)
    local status = os.execute(("http_proxy=http://127.0.0.1:9 HTTP_PROXY= %s tests/support/run.lua '%s'")
      :format(os.getenv "LUA", script:gsub("\n", " ")))
    assert.is_true(status == 0 or status == true)
  end)

  it("do not show the password of the environment's proxy when they fail", function()
    local script = [[
      local client = require "partnercenter".new { access_token = "token", max_retries = 0 }
      local _, err = client:get_validation_codes()
      assert(err.category == "network")
      assert(err.message:find("proxy", 1, true), err.message)
      assert(not tostring(err):find("geheim", 1, true), err.message)
    ]]
    local status = os.execute(("HTTPS_PROXY=ftp://user:geheim@host:3128 %s tests/support/run.lua '%s'")
      :format(os.getenv "LUA", script:gsub("\n", " ")))
    assert.is_true(status == 0 or status == true)
  end)

  it("go through the proxy that is given", function()
    local client = assert(partnercenter.new {
      base_url = "http://partnercenter.example/ok", access_token = "token", allow_insecure_http = true,
      proxy = ("http://127.0.0.1:%d"):format(server.port),
    })
    assert(client:update_qualification(CUSTOMER, "Education"))
    assert.equal("POST http://partnercenter.example/ok/v1/customers/" .. CUSTOMER .. "/qualifications HTTP/1.1",
      server.requests()[1].line)
    client:close()
  end)

  local clouds = {
    { "", "api.partnercenter.microsoft.com", "login.microsoftonline.com" },
    { "global", "api.partnercenter.microsoft.com", "login.microsoftonline.com" },
    { "china", "partner.partnercenterapi.microsoftonline.cn", "login.chinacloudapi.cn" },
    { "germany", "api.partnercenter.microsoft.com", "login.microsoftonline.de" },
    { "usgov", "api.partnercenter.microsoft.com", "login.microsoftonline.us" },
  }
  for _, row in ipairs(clouds) do
    it("go to the hosts of the cloud, " .. (row[1] ~= "" and row[1] or "by default"), function()
      local proxy = ("http://127.0.0.1:%d"):format(server.port)
      for _, options in ipairs { { access_token = "token" }, credentials {} } do
        options.cloud = row[1] ~= "" and row[1] or nil
        options.proxy, options.max_retries = proxy, 0
        local client = assert(partnercenter.new(options))
        local _, err = client:get_qualifications(CUSTOMER)
        assert.equal("network", err.category)
        client:close()
      end
      local requests = server.requests()
      assert.equal(2, #requests)
      assert.equal(("CONNECT %s:443 HTTP/1.1"):format(row[2]), requests[1].line)
      assert.equal(("CONNECT %s:443 HTTP/1.1"):format(row[3]), requests[2].line)
    end)
  end
end)

describe("wait_for_vetting", function()
  it("may have no time for a single poll", function()
    local server = assert(sandbox.start())
    local client = assert(partnercenter.new(server:client_options()))
    local qualification, err, meta = client:wait_for_vetting(CUSTOMER, { timeout = 1e-9 })
    assert.is_nil(qualification)
    assert.equal("timeout", err.category)
    assert.equal(0, meta.attempts)
    client:close()
    server:stop()
  end)
end)
