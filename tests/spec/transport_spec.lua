-- SPDX-License-Identifier: MIT
--- The queue of calls, and being interrupted.
local access = require "tests.support.access"
local core = require "partnercenter.core"
local sandbox = require "partnercenter.sandbox"
local files = require "tests.support.files"
local servers = require "tests.support.servers"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

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
    repeat until files.read(output):match "done\n"
    assert.matches("interrupted!\ntimeout\ndone\n$", files.read(output))
    os.remove(output)
    os.remove(output .. ".pid")
    server.stop()
  end)
end)
