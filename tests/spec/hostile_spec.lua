-- SPDX-License-Identifier: MIT
--- A server that means harm: floods, bombs, answers to what was not asked. Whatever it does ends as an
--- error that says so, in bounded memory, and the same client serves the next call.
local certificates = require "tests.support.certificates"
local files = require "tests.support.files"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"

local MEGABYTE = 1024 * 1024
--- Whether what is freed is kept for a while, to find what uses it still: what a process has says little then.
local IS_FREED_KEPT = os.getenv "FREED" == "kept"
local LARGE_HEAD = "^the headers of the answer are larger than is taken"
local LARGE_BODY = "^the answer is larger than max_response_size %(1048576 bytes%)$"

local server, folder, client

setup(function()
  folder = certificates.folder()
  folder.self_sign { name = "server", for_names = "IP:127.0.0.1" }
  server = servers.hostile(folder.directory .. "/server")
end)

teardown(function()
  server.stop()
  folder.remove()
end)

after_each(function()
  client:close()
end)

--- The customer whose id makes the server do this: its bytes are the name of the scenario.
local function customer(scenario)
  local digits = (scenario .. ("\0"):rep(16 - #scenario)):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
  return (digits:gsub("^(" .. ("%x"):rep(8) .. ")(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)", "%1-%2-%3-%4-"))
end

local GOOD = customer "well behaved"

local function new_client(is_http2, options)
  options = options or {}
  options.base_url = is_http2 and "https://127.0.0.1:" .. server.http2 or "http://127.0.0.1:" .. server.port
  options.ca_file = folder.directory .. "/server.pem"
  options.access_token = "token"
  options.max_retries = options.max_retries or 0
  options.max_response_size = MEGABYTE
  return assert(partnercenter.new(options))
end

local function status_of_process(name)
  return tonumber(files.read "/proc/self/status":match(name .. ":%s*(%d+)")) * 1024
end

--- Bytes by which the process grew at the most while the function ran.
local function growth(fn)
  collectgarbage()
  files.write("/proc/self/clear_refs", "5") -- the peak begins anew
  local before = status_of_process "VmRSS"
  fn()
  return status_of_process "VmHWM" - before
end

local function assert_serves()
  local list, err = client:get_qualifications(GOOD)
  assert.is_nil(err and tostring(err))
  assert.equal("Education", list[1].qualification)
end

--- One row: what the call of the scenario ends as. `category` is "ok" where its answer is taken; two, where it
--- depends on what of the flood arrives together.
local function expect(row, is_http2)
  it(("%s: %s"):format(is_http2 and "HTTP/2" or "HTTP/1.1", row[1]), function()
    client = new_client(is_http2, { timeout = row.timeout })
    assert_serves() -- on a connection that is kept
    local list, err, meta
    local grown = growth(function() list, err, meta = client:get_qualifications(customer(row[1])) end)
    local category = list and "ok" or err.category
    assert.is_truthy((" " .. row.category .. " "):find(" " .. category .. " ", 1, true), tostring(err or category))
    if err and row.message then
      assert.matches(row.message, err.message)
    end
    assert.equal(row.status, err and err.status)
    assert.is_true(meta.attempts >= 1 and meta.attempts <= (row.most_attempts or 1), meta.attempts .. " attempts")
    local most = (row.megabytes or 16) * MEGABYTE
    assert.is_true(grown <= most or IS_FREED_KEPT, ("%.1f MiB more memory"):format(grown / MEGABYTE))
    if list then
      assert.equal("Education", list[1].qualification)
    end
    if row.stuck then -- nothing comes on the connection any more, which the first call finds out
      client:close()
      client = new_client(is_http2, { timeout = 0.5, max_retries = 1 })
      assert(client:get_qualifications(customer(row[1])))
    end
    assert_serves()
  end)
end

describe("a hostile answer", function()
  local parsing = "response_parsing"
  for _, row in ipairs {
    { "long header", category = parsing, message = LARGE_HEAD, status = 200 },
    { "long status", category = parsing, message = LARGE_HEAD },
    { "long headers", category = parsing, message = LARGE_HEAD, status = 200 },
    { "million headers", category = parsing, message = LARGE_HEAD, status = 200 },
    { "folded header", category = parsing, message = LARGE_HEAD, status = 200 },
    { "interim flood", category = parsing, message = LARGE_HEAD, status = 100 },
    { "trailer flood", category = parsing, message = LARGE_HEAD, status = 200 },
    { "chunk extension", category = "timeout", timeout = 0.5 },
    { "empty lines", category = parsing },
    { "endless", category = parsing, message = LARGE_BODY, status = 200 },
    { "endless chunks", category = parsing, message = LARGE_BODY, status = 200 },
    { "endless error", category = parsing, message = LARGE_BODY, status = 400 },
    { "huge length", category = parsing, message = LARGE_BODY, status = 200 },
    { "no length", category = "ok" },
    { "negative length", category = "network" },
    { "two lengths", category = parsing, status = 200 },
    { "chunks, length", category = "ok" },
    { "bad chunk", category = "network" },
    { "gzip bomb", category = parsing, message = LARGE_BODY, status = 200 },
    { "two gzip bombs", category = parsing, message = LARGE_BODY, status = 200 },
    { "many encodings", category = parsing },
    { "encodings again", category = parsing },
    { "deep json", category = parsing, status = 200 },
    { "deep objects", category = parsing, status = 200 },
    { "wide json", category = parsing, status = 200, megabytes = 64 },
    { "huge numbers", category = parsing, status = 200 },
    { "trickle", category = "timeout", timeout = 0.5 },
    { "trickled head", category = "timeout", timeout = 0.5 },
    { "trickled interim", category = "timeout", timeout = 0.5 },
    { "silence", category = "timeout", timeout = 0.5 },
    { "switch", category = "server_error", status = 101 },
    { "old http", category = parsing },
    { "nul bytes", category = "network" },
    { "noise", category = parsing },
    { "status 000", category = parsing },
    { "status 999", category = "server_error", status = 999 },
    { "two answers", category = "ok" },
    { "part of another", category = "ok" },
  } do
    expect(row, false)
  end
end)

describe("a hostile answer", function()
  for _, row in ipairs {
    { "refused", category = "network", most_attempts = 6 }, -- libcurl sends it again, 5 times
    { "internal error", category = "network" },
    { "calm", category = "network" },
    { "http/1.1 only", category = "response_parsing", most_attempts = 2 },
    { "closed inside", category = "network" },
    { "reset inside", category = "network" },
    { "resets", category = "network" },
    { "goaway", category = "network ok", most_attempts = 6 },
    { "goaway calm", category = "network ok", most_attempts = 6 },
    { "goaways", category = "network ok", most_attempts = 6 },
    { "ping flood", category = "network ok", most_attempts = 2 },
    { "settings flood", category = "network ok", most_attempts = 2 },
    { "windows", category = "network ok", most_attempts = 2 },
    { "window overflow", category = "network", most_attempts = 2 },
    { "empty data", category = "network", most_attempts = 2 },
    { "empty frames", category = "network ok", most_attempts = 2 },
    { "continuations", category = "network", most_attempts = 2 },
    { "empty continuing", category = "network", most_attempts = 2 },
    { "many headers", category = "network", most_attempts = 2 },
    { "hpack bomb", category = "network", most_attempts = 2 },
    { "bad hpack", category = "network", most_attempts = 2 },
    { "push", category = "network ok", most_attempts = 2 },
    { "other stream", category = "network", most_attempts = 2 },
    { "earlier stream", category = "ok" },
    { "huge frame", category = "network response_parsing", most_attempts = 2, status = 200 },
    { "unknown frames", category = "ok" },
    { "zero streams", category = "ok", stuck = true },
    { "bad settings", category = "network", most_attempts = 2 },
    { "no status", category = "network" },
    { "http/1.1", category = "network", most_attempts = 2 },
    { "noise", category = "network", most_attempts = 2 },
    { "gzip bomb", category = "response_parsing", message = LARGE_BODY, status = 200 },
    { "endless", category = "response_parsing", message = LARGE_BODY, status = 200 },
    { "silence", category = "timeout", timeout = 0.5 },
    { "headers again", category = "network" },
    { "interim flood", category = "response_parsing network", most_attempts = 2 },
    { "trailers", category = "ok" },
  } do
    expect(row, true)
  end
end)

--- The requests that have come since so many.
local function requests_since(count)
  local later = {}
  for i, request in ipairs(server.requests()) do
    later[#later + 1] = i > count and request or nil
  end
  return later
end

describe("what a server", function()
  for _, is_http2 in ipairs { false, true } do
    it("sets as a cookie is not sent back, over HTTP/" .. (is_http2 and "2" or "1.1"), function()
      local before = #server.requests()
      for _ = 1, 2 do
        client = new_client(is_http2)
        assert(client:get_qualifications(customer "cookies"))
        assert(client:get_qualifications(customer "cookies"))
        assert_serves()
        client:close()
      end
      local requests = requests_since(before)
      assert.equal(6, #requests)
      for _, request in ipairs(requests) do
        assert.is_nil(request.head:lower():find "cookie")
        assert.is_nil(request.head:find "tracked")
      end
    end)
  end

  for _, status in ipairs { 300, 301, 302, 303, 305, 307, 308 } do
    it(("redirects with %d is not asked elsewhere, and gets no token there"):format(status), function()
      local before = #server.requests()
      client = new_client(false, { max_retries = 3 })
      local _, err, meta = client:get_qualifications(customer("redirect " .. status))
      assert.equal("server_error", err.category)
      assert.equal(status, err.status)
      assert.is_false(err.retryable)
      assert.equal(1, meta.attempts)
      assert_serves()
      assert.equal(2, #requests_since(before))
    end)
  end

  it("says of other places and other ways is not followed", function()
    local before = #server.requests()
    client = new_client(false)
    for _ = 1, 2 do
      assert(client:get_qualifications(customer "alternatives"))
      local _, err, meta = client:get_qualifications(customer "negotiate")
      assert.equal("unauthorized", err.category)
      assert.equal(1, meta.attempts)
    end
    for _, request in ipairs(requests_since(before)) do
      assert.is_nil(request.head:find "stolen")
      assert.matches("\nAuthorization: Bearer token\n", request.head)
    end
  end)

  it("sends on a kept connection before it is asked is not the next call's answer", function()
    for _ = 1, 20 do
      client = new_client(false)
      assert(client:get_qualifications(customer "poison"))
      assert.equal(1, server.poison())
      local before = #server.requests()
      local list, err, meta = client:get_qualifications(GOOD)
      assert.is_nil(err and tostring(err))
      assert.equal("Education", list[1].qualification)
      assert.equal(1, meta.attempts)
      assert.equal(1, #requests_since(before)) -- nothing was sent on that connection
      client:close()
    end
  end)

  it("answers under another id is the answer, and the id is told: it is the one that support asks for", function()
    client = new_client(false)
    local list, _, meta = client:get_qualifications(customer "another's id")
    assert.equal("Education", list[1].qualification)
    assert.equal("11111111-1111-1111-1111-111111111111", meta.request_id)
  end)
end)

describe("a connection over HTTP/2 on which nothing comes any more", function()
  it("is left by the calls that come later, also while others still wait on it", function()
    client = new_client(true, { timeout = 2 })
    assert_serves()
    local stuck = client:start("get_qualifications", customer "silence", { timeout = 0.5 })
    local beside = client:start("get_qualifications", GOOD, { max_retries = 3 })
    local _, err = stuck:result()
    assert.equal("timeout", err.category)
    local list = beside:result() -- the server does not read it where it was sent
    assert.equal("Education", list[1].qualification)
    assert_serves()
  end)
end)
