-- SPDX-License-Identifier: MIT
--- Many calls at once over HTTP/2: the connections they share, and the answers that come before the
--- server has read the request.
local certificates = require "tests.support.certificates"
local core = require "partnercenter.core"
local servers = require "tests.support.servers"
local socket = require "socket"

--- One server a line of the table: how many streams it allows, and how many requests a connection.
local STREAMS = {
  ["127.0.0.1"] = { streams = 256, requests = 100000 },
  ["127.0.0.2"] = { streams = 8, requests = 100000 },
  ["127.0.0.3"] = { streams = 128, requests = 100000 },
  ["127.0.0.4"] = { streams = 128, requests = 50 },
}

local MODULES = [[
  load_module /usr/lib/nginx/modules/ndk_http_module.so;
  load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
]]

local SERVER = [[
  server {
    listen ADDRESS:PORT ssl http2;
    http2_max_concurrent_streams STREAMS;
    keepalive_requests REQUESTS;
    ssl_certificate FOLDER/server.pem;
    ssl_certificate_key FOLDER/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    default_type application/json;
    location /ok/ { return 200 '{"qualification":"Education"}'; }
    location /slow/ { # so that a connection is full for as long as another one takes to open
      content_by_lua_block { ngx.req.read_body() ngx.sleep(0.1) ngx.print('{"qualification":"Education"}') }
    }
    location /401/ { return 401 '{"code":"401","description":"early"}'; }
    location /429/ { return 429 '{"code":"429","description":"early"}'; }
    location /413/ { client_max_body_size 1; proxy_pass http://127.0.0.1:1; }
  }
]]

--- A website so long that the request's body takes several frames.
local LONG = ("w"):rep(20000)

local nginx, nghttpx, folder

setup(function()
  folder = certificates.folder()
  local names = { "DNS:localhost" }
  local blocks = {}
  for address, row in pairs(STREAMS) do
    names[#names + 1] = "IP:" .. address
    blocks[#blocks + 1] = SERVER:gsub("%u+", {
      ADDRESS = address, STREAMS = row.streams, REQUESTS = row.requests, FOLDER = folder.directory,
    })
  end
  folder.self_sign { name = "server", for_names = table.concat(names, ",") }
  nginx = servers.nginx(table.concat(blocks), MODULES)
  nghttpx = servers.nghttpx(folder.directory .. "/server", "127.0.0.1", nginx.port)
end)

teardown(function()
  nghttpx.stop()
  nginx.stop()
  folder.remove()
end)

local customers = 0

--- An id of its own for each batch of calls, to be found in the log.
local function new_customer()
  customers = customers + 1
  return ("3f2504e0-4f89-41d3-9a0c-%012d"):format(customers)
end

--- Makes `count` updates at once on a new client.
---@return table outcomes an array of `{ result, err }`
---@return string customer_id whose updates they were
local function update_at_once(count, options, website)
  options.access_token, options.ca_file = "token", folder.directory .. "/server.pem"
  local client = assert(core.client(options))
  local customer_id = new_customer()
  local calls, outcomes = {}, {}
  for i = 1, count do
    calls[i] = assert(client:prepare("update_qualification", customer_id, "Education", {
      website = website or "example.edu", max_retries = 0,
    }))
    client:submit(calls[i])
  end
  for i = 1, count do
    repeat until client:drive(calls[i])
    local result, err = client:result(calls[i])
    outcomes[i] = { result = result, err = err }
  end
  client:close()
  return outcomes, customer_id
end

local function assert_all_succeeded(outcomes)
  for _, outcome in ipairs(outcomes) do
    assert.is_nil(outcome.err and tostring(outcome.err))
    assert.equal("Education", outcome.result.qualification)
  end
end

--- How many connections of nginx carried this customer's calls; waits until all are in the log.
local function connections_of(customer_id, count)
  local pattern = "HTTP/2%.0 (%d+) POST [^\n]*" .. customer_id:gsub("%-", "%%-")
  local seen, calls, connections
  repeat
    socket.sleep(0.01)
    seen, calls, connections = {}, 0, 0
    for number in nginx.log():gmatch(pattern) do
      calls = calls + 1
      connections = connections + (seen[number] and 0 or 1)
      seen[number] = true
    end
  until calls >= count
  assert.equal(count, calls)
  return connections
end

local function at(address, path)
  return ("https://%s:%d/%s"):format(address, nginx.port, path)
end

describe("many calls at once over HTTP/2", function()
  local rows = {
    { calls = 1, address = "127.0.0.1", most = 1 },
    { calls = 32, address = "127.0.0.1", most = 1 },
    { calls = 200, address = "127.0.0.1", most = 1 },
    { calls = 200, address = "127.0.0.1", max_connections = 1, most = 1 },
    { calls = 2, address = "127.0.0.2", max_connections = 2, most = 1 },
    { calls = 8, address = "127.0.0.2", max_connections = 2, most = 1 },
    -- 2 at a time: one may be given up whose server refused what was sent before it had told its limit
    { calls = 200, address = "127.0.0.2", path = "slow", max_connections = 2, least = 2, most = 20 },
    { calls = 200, address = "127.0.0.2", max_connections = 1, most = 1 },
    { calls = 100, address = "127.0.0.3", most = 1 },
    { calls = 200, address = "127.0.0.3", least = 1, most = 4 }, -- 2, and 1 or 2 that libcurl opens beside them
  }
  for _, row in ipairs(rows) do
    local least, most = row.least or 1, row.most
    local where = ("%d calls, %d streams a connection, max_connections %s")
      :format(row.calls, STREAMS[row.address].streams, row.max_connections or "left out")
    it(("share %s: %s"):format(most == 1 and "one connection" or "few connections", where), function()
      local outcomes, customer_id = update_at_once(row.calls, {
        base_url = at(row.address, row.path or "ok"), max_connections = row.max_connections,
      })
      assert_all_succeeded(outcomes)
      local connections = connections_of(customer_id, row.calls)
      assert.is_true(connections >= least and connections <= most, connections .. " connections")
    end)
  end

  it("outlive connections that the server closes after some requests", function()
    for _, max_connections in ipairs { 1, 2, 32 } do
      local outcomes, customer_id = update_at_once(200, {
        base_url = at("127.0.0.4", "ok"), max_connections = max_connections,
      })
      assert_all_succeeded(outcomes)
      assert.is_true(connections_of(customer_id, 200) >= 4)
    end
  end)

  it("have bodies of several frames", function()
    for _ = 1, 3 do
      assert_all_succeeded((update_at_once(200, { base_url = at("127.0.0.1", "ok") }, LONG)))
    end
  end)
end)

describe("an error that comes before the request was read", function()
  local categories = { ["401"] = "unauthorized", ["413"] = "server_error", ["429"] = "too_many_requests" }
  local ways = {
    { says = "from nginx over HTTP/2", port = function() return nginx.port end },
    { says = "from nginx over HTTP/1.1", port = function() return nginx.port end, http2 = false },
    { says = "from nghttpx over HTTP/2", port = function() return nghttpx.port end },
  }
  for status, category in pairs(categories) do
    for _, way in ipairs(ways) do
      it(("arrives as what it is: %s %s"):format(status, way.says), function()
        for _ = 1, 3 do
          local outcomes = update_at_once(200, {
            base_url = ("https://127.0.0.1:%d/%s"):format(way.port(), status), http2 = way.http2,
          }, LONG)
          for _, outcome in ipairs(outcomes) do
            assert.is_nil(outcome.result)
            assert.equal(tonumber(status), outcome.err.status, tostring(outcome.err))
            assert.equal(category, outcome.err.category)
          end
        end
      end)
    end
  end
end)
