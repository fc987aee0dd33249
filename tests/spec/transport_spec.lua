-- SPDX-License-Identifier: MIT
--- TLS, HTTP versions, the queue of calls, and being interrupted.
local access = require "tests.support.access"
local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("over TLS", function()
  local nginx

  setup(function()
    nginx = servers.nginx [[
      server {
        listen 127.0.0.1:PORT ssl http2;
        listen 127.0.0.2:PORT ssl http2;
        ssl_certificate DIR/cert.pem;
        ssl_certificate_key DIR/key.pem;
        location / { default_type application/json; return 200 '[{"qualification":"education"}]'; }
      }
    ]]
  end)

  teardown(function() nginx.stop() end)

  local function get(options, customer_id)
    options.base_url = options.base_url or ("https://localhost:%d"):format(nginx.port)
    options.access_token = "token-of-the-spec"
    local client = assert(partnercenter.new(options))
    local result, err = client:get_qualifications(customer_id or CUSTOMER)
    client:close()
    return result, err
  end

  local function trusting(options)
    options.ca_file = nginx.directory .. "/cert.pem"
    return options
  end

  it("a certificate is accepted that ca_file vouches for, with HTTP/2", function()
    assert.equal("Education", assert(get(trusting {}))[1].qualification)
    assert.is_true(nginx.has_logged "HTTP/2%.0 %d+ GET /v1/customers/")
  end)

  it("HTTP/1.1 is spoken when http2 is false", function()
    assert(get(trusting { http2 = false }))
    assert.is_true(nginx.has_logged "HTTP/1%.1 %d+ GET /v1/customers/")
  end)

  --- Whether a request for this customer has arrived: one that is sent after it was logged first.
  local function has_arrived(customer_id)
    assert(get(trusting {}, "ffffffff-0000-4000-8000-000000000000"))
    assert.is_true(nginx.has_logged "ffffffff%-0000%-4000%-8000%-000000000000")
    return nginx.log():find(customer_id, 1, true) ~= nil
  end

  it("a certificate that nobody vouches for is a tls error, and nothing is sent", function()
    local result, err = get({}, "aaaaaaaa-0000-4000-8000-000000000001")
    assert.is_nil(result)
    assert.equal("tls", err.category)
    assert.is_false(err.retryable)
    assert.matches("certificate", err.message)
    assert.is_false(has_arrived "aaaaaaaa-0000-4000-8000-000000000001")
  end)

  it("a certificate of another host is a tls error, and nothing is sent", function()
    local _, err = get(trusting { base_url = ("https://127.0.0.2:%d"):format(nginx.port) },
      "aaaaaaaa-0000-4000-8000-000000000002")
    assert.equal("tls", err.category)
    assert.matches("no alternative certificate subject name matches", err.message)
    assert.is_false(has_arrived "aaaaaaaa-0000-4000-8000-000000000002")
  end)
end)

describe("a handshake that is refused", function()
  it("is a tls error, also on a client that found nobody there before", function()
    local port = servers.free_port()
    local client = assert(partnercenter.new {
      base_url = "https://127.0.0.1:" .. port, access_token = "token", max_retries = 0,
    })
    local _, err = client:get_qualifications(CUSTOMER)
    assert.equal("network", err.category)
    local nginx = servers.nginx("server { listen 127.0.0.1:PORT; }", "", port)
    _, err = client:get_qualifications(CUSTOMER)
    assert.equal("tls", err.category)
    assert.is_false(err.retryable)
    client:close()
    nginx.stop()
  end)
end)

describe("the queue of calls", function()
  it("opens no more connections than max_connections", function()
    local server = servers.raw()
    local client = assert(core.client { base_url = server.url "ok", access_token = "token", max_connections = 2 })
    local calls = {}
    for i = 1, 10 do
      calls[i] = assert(client:prepare("update_qualification", CUSTOMER, "Education"))
      client:submit(calls[i])
    end
    for i = 10, 1, -1 do
      repeat until client:drive(calls[i])
      assert.equal("Education", assert(client:result(calls[i])).qualification)
    end
    local requests = server.requests()
    assert.equal(10, #requests)
    for _, request in ipairs(requests) do
      assert.is_true(request.connection <= 2)
    end
    client:close()
    server.stop()
  end)

  it("lets calls be cancelled, queued and active, and closes with calls in it", function()
    local server = assert(sandbox.start())
    local options = access.options(server)
    options.max_connections = 1
    server:fail { delay = 3600, times = 4 }
    local client = assert(core.client(options))
    local calls = {}
    for i = 1, 4 do
      calls[i] = assert(client:prepare("get_qualifications", CUSTOMER))
      client:submit(calls[i])
    end
    repeat
      client:drive(calls[1])
    until #access.service_requests(server) == 1
    for i = 1, 2 do
      client:cancel(calls[i])
      client:cancel(calls[i])
      assert.is_true(client:drive(calls[i]))
      local result, err, meta = client:result(calls[i])
      assert.is_nil(result)
      assert.equal("cancelled", err.category)
      assert.equal(i == 1 and 1 or 0, meta.attempts)
      assert.has_error(function() client:result(calls[i]) end)
    end
    calls[3] = nil
    collectgarbage()
    collectgarbage()
    client:close()
    calls = nil
    collectgarbage()
    server:stop()
  end)
end)

describe("a script that waits", function()
  local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
  end

  it("can be interrupted with Ctrl-C, which cancels the call", function()
    local interpreter = os.getenv "LUA"
    if not interpreter:match "/lua5%.%d$" then
      print("skipped: " .. interpreter .. " installs no handler for SIGINT")
      return
    end
    local server = servers.raw()
    local script = ([[
      local client = require 'partnercenter'.new { base_url = '%s', access_token = 'token', timeout = 600 }
      print(pcall(client.get_qualifications, client, '%s'))
      print(select(2, client:get_qualifications('%s', { timeout = 0.1, max_retries = 0 })).category)
      print 'done'
    ]]):format(server.url "stall", CUSTOMER, CUSTOMER):gsub("%s+", " ")
    local output = os.tmpname()
    os.execute(('%s -e "%s" > %s 2>&1 & echo $! > %s.pid'):format(interpreter, script, output, output))
    repeat until #server.requests() == 1
    os.execute(("kill -INT $(cat %s.pid)"):format(output))
    repeat until read(output):match "done\n"
    assert.matches("interrupted!\ntimeout\ndone\n$", read(output))
    os.remove(output)
    os.remove(output .. ".pid")
    server.stop()
  end)
end)
