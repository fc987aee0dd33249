-- SPDX-License-Identifier: MIT
--- Through an HTTP proxy: what it sees, what its refusals become, and whose word counts: the option's or the environment's.
local certificates = require "tests.support.certificates"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local TOKEN = "token-of-the-spec"

local nginx, folder, proxy

setup(function()
  folder = certificates.folder()
  folder.self_sign {
    name = "server", for_names = "DNS:api.partnercenter.example,DNS:*.proxy.example,IP:0.0.0.0",
  }
  nginx = servers.nginx(([[
    server {
      listen 127.0.0.1:PORT ssl http2;
      ssl_certificate %s/server.pem;
      ssl_certificate_key %s/server.key;
      location / { default_type application/json; return 200 '{"qualification":"Education"}'; }
    }
  ]]):format(folder.directory, folder.directory))
end)

teardown(function()
  nginx.stop()
  folder.remove()
end)

before_each(function() proxy = servers.connect_proxy(nginx.port) end)
after_each(function() proxy.stop() end)

--- Updates a customer through the proxy.
---@param options table of the client; `user` goes into the proxy's URL
local function update(options)
  options.base_url = options.base_url or "https://api.partnercenter.example"
  options.access_token, options.ca_file, options.max_retries = TOKEN, folder.directory .. "/server.pem", 0
  options.proxy = ("http://%s127.0.0.1:%d"):format(options.user or "", proxy.port)
  options.user = nil
  local client = assert(partnercenter.new(options))
  local result, err, meta = client:update_qualification(CUSTOMER, "Education")
  client:close()
  return result, err, meta
end

local function is_in(text, part)
  return text:lower():find(part:lower(), 1, true) ~= nil
end

describe("https through a proxy", function()
  for _, http2 in ipairs { true, false } do
    local version = http2 and "HTTP/2" or "HTTP/1.1"
    it("goes through a tunnel, which hides everything but the host: " .. version, function()
      local result, err, meta = update { http2 = http2 }
      assert.is_nil(err)
      assert.equal("Education", result.qualification)
      assert.equal(1, meta.attempts)
      assert.is_true(nginx.has_logged((http2 and "HTTP/2%.0" or "HTTP/1%.1") .. " %d+ POST /v1/customers/"))
      local seen = proxy.seen()
      assert.matches("^CONNECT api%.partnercenter%.example:443 HTTP/1%.1\n", seen)
      assert.is_true(#seen > 1000) -- the tunnelled bytes are there too
      for _, secret in ipairs {
        TOKEN, "Bearer", "Authorization:", "MS-RequestId", "MS-CorrelationId", "MS-Contract-Version", "X-Locale", CUSTOMER,
        "qualification", meta.request_id, meta.correlation_id,
      } do
        assert.is_false(is_in(seen, secret), "the proxy saw " .. secret)
      end
    end)
  end

  it("gives the proxy its user and password, and nobody else", function()
    assert(update { user = "user:geheim@" })
    assert.matches("\nProxy%-Authorization: Basic dXNlcjpnZWhlaW0=\n", proxy.seen())
    assert.is_false(is_in(nginx.log(), "dXNlcjpnZWhlaW0="))
  end)

  local refusals = {
    { host = "needs-login", message = "the proxy refused: CONNECT tunnel failed, response 407" },
    { host = "forbidden", message = "the proxy refused: CONNECT tunnel failed, response 403" },
    { host = "busy", message = "the proxy refused: CONNECT tunnel failed, response 503" },
    { host = "redirects", message = "the proxy refused: CONNECT tunnel failed, response 302" },
    { host = "closes", message = "Proxy CONNECT aborted" },
  }
  for _, row in ipairs(refusals) do
    it("is a network error when the proxy refuses: " .. row.host, function()
      local result, err, meta = update { base_url = ("https://%s.proxy.example"):format(row.host), user = "user:geheim@" }
      assert.is_nil(result)
      assert.equal("network", err.category)
      assert.is_true(err.retryable)
      assert.equal(row.message, err.message)
      assert.equal(0, err.attempts)
      assert.equal(0, meta.attempts)
      for _, field in ipairs { "status", "body", "code", "retry_after" } do -- those are of the service's answers
        assert.is_nil(err[field], field)
      end
      assert.is_nil(meta.status)
      for _, value in pairs(err) do
        assert.is_false(is_in(tostring(value), "geheim"))
      end
      assert.is_false(is_in(tostring(err), "geheim"))
      assert.is_false(is_in(proxy.seen(), TOKEN))
    end)
  end

  it("is a network error, without the password, when no proxy is there", function()
    local client = assert(partnercenter.new {
      base_url = "https://api.partnercenter.example", access_token = TOKEN, max_retries = 0,
      proxy = ("http://user:geheim@127.0.0.1:%d"):format(servers.free_port()),
    })
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("network", err.category)
    assert.is_true(err.retryable)
    assert.matches("connect", err.message)
    assert.is_false(is_in(tostring(err), "geheim"))
    client:close()
  end)

  it("verifies the service's certificate as it does without one", function()
    local _, err = update { base_url = "https://other.example" }
    assert.equal("tls", err.category)
    assert.matches("no alternative certificate subject name matches target host name 'other%.example'", err.message)
    assert.is_false(is_in(proxy.seen(), TOKEN))
  end)
end)

describe("the environment's proxy", function()
  --- Runs a script that makes one call, with the proxy in a variable of the environment.
  ---@param variable string
  ---@param proxy_option string the text of the option in the script, if any
  ---@return boolean whether the call succeeded
  local function call_with(variable, proxy_option)
    -- 0.0.0.0 is this machine, but none of the addresses for which the client asks no proxy.
    local script = ([[
      local client = require "partnercenter".new {
        base_url = "https://0.0.0.0:%d", access_token = "%s", ca_file = "%s/server.pem", max_retries = 0, %s
      }
      assert(client:update_qualification("%s", "Education"))
      client:close()
    ]]):format(nginx.port, TOKEN, folder.directory, proxy_option or "", CUSTOMER)
    local status = os.execute(("env -u NO_PROXY -u no_proxy -u https_proxy -u HTTPS_PROXY -u ALL_PROXY -u all_proxy"
      .. " %s=http://127.0.0.1:%d %s tests/support/run.lua '%s'")
      :format(variable, proxy.port, os.getenv "LUA", script:gsub("\n", " ")))
    return status == 0 or status == true
  end

  for _, variable in ipairs { "HTTPS_PROXY", "https_proxy", "ALL_PROXY" } do
    it("is used without the option: " .. variable, function()
      assert.is_true(call_with(variable))
      assert.matches("^CONNECT 0%.0%.0%.0:" .. nginx.port .. " ", proxy.seen())
      assert.is_false(is_in(proxy.seen(), TOKEN))
    end)

    it("is passed over when the option is empty: " .. variable, function()
      assert.is_true(call_with(variable, 'proxy = ""'))
      assert.equal("", proxy.seen())
    end)
  end

  it("is passed over when the option names another", function()
    local other = servers.connect_proxy(nginx.port)
    assert.is_true(call_with("HTTPS_PROXY", ('proxy = "http://127.0.0.1:%d"'):format(other.port)))
    assert.equal("", proxy.seen())
    assert.matches("^CONNECT ", other.seen())
    other.stop()
  end)
end)
