-- SPDX-License-Identifier: MIT
--- Calls in nginx give what they give in a script, and the worker goes on meanwhile.
local access = require "tests.support.access"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"
local support = require "tests.nginx.support"

local CUSTOMER = support.CUSTOMER

--- `chosen()` is the client of the sandbox, or the one whose calls are never answered. The calls are
--- made in different ways; each location makes three, but the first.
local INIT = [[
  client = new_client()
  stalled = assert(partnercenter.new { base_url = "%s", access_token = "token" })
  function chosen()
    return ngx.var.arg_stalled and stalled or client
  end
  function call()
    return facts(chosen():get_customer(CUSTOMER))
  end
  timers = { begun = 0 }
]]

local LOCATIONS = {
  ["/direct"] = [[ ngx.print(cjson.encode { call() }) ]],
  ["/threads"] = [[
    local threads, told = {}, {}
    for i = 1, 3 do threads[i] = ngx.thread.spawn(call) end
    for i = 1, 3 do told[i] = select(2, ngx.thread.wait(threads[i])) end
    ngx.print(cjson.encode(told))
  ]],
  ["/started"] = [[
    local calls, told = {}, {}
    for i = 1, 3 do calls[i] = chosen():start("get_customer", CUSTOMER) end
    for i = 3, 1, -1 do told[i] = facts(calls[i]:result()) end
    ngx.print(cjson.encode(told))
  ]],
  ["/coroutines"] = [[
    local told = {}
    local function one(i) told[i] = call() end
    local threads = {}
    for i = 1, 3 do threads[i] = ngx.thread.spawn(function() coroutine.wrap(one)(i) end) end
    for i = 1, 3 do ngx.thread.wait(threads[i]) end
    ngx.print(cjson.encode(told))
  ]],
  ["/timers"] = [[
    local c, told = chosen(), {}
    for i = 1, 3 do
      ngx.timer.at(0, function() told[i] = facts(c:get_customer(CUSTOMER)) end)
    end
    while not (told[1] and told[2] and told[3]) do ngx.sleep(0.01) end
    ngx.print(cjson.encode(told))
  ]],
  ["/idle"] = [[ ngx.print(ngx.worker.pid()) ]],
  ["/close"] = [[ stalled:close() ngx.print(ngx.worker.pid()) ]],
  ["/update"] = [[ tell(client:update_qualification(CUSTOMER, "Education", { website = "example.edu" })) ]],
  ["/list"] = [[
    local ids = {}
    for customer, err in client:customers { page_size = 1 } do
      assert(customer, err)
      ids[#ids + 1] = customer.id
    end
    tell(ids)
  ]],
  ["/polled"] = [[
    local calls, told, left = {}, {}, 20
    for i = 1, 20 do calls[i] = chosen():start("get_customer", CUSTOMER) end
    while left > 0 do
      left = 0
      for i = 1, 20 do left = left + (calls[i]:done() and 0 or 1) end
      ngx.sleep(0.001)
    end
    for i = 1, 20 do told[i] = facts(calls[i]:result()) end
    ngx.print(cjson.encode(told))
  ]],
  ["/two_waiters"] = [[
    local call = chosen():start("get_customer", CUSTOMER)
    local told, threads = {}, {}
    for i = 1, 3 do threads[i] = ngx.thread.spawn(function() told[i] = facts(call:result()) end) end
    for i = 1, 3 do ngx.thread.wait(threads[i]) end
    ngx.print(cjson.encode(told))
  ]],
  ["/without_sockets"] = [[
    local tcp = ngx.socket.tcp
    ngx.socket.tcp = function() return { connect = function() return nil, "no descriptors" end } end
    local told = facts(client:get_customer(CUSTOMER))
    ngx.socket.tcp = tcp
    ngx.print(cjson.encode(told))
  ]],
  ["/bad"] = [[ tell(client:get_customer "nobody") ]],
  ["/deadline"] = [[ tell(stalled:get_customer(CUSTOMER, { deadline = 0.2 })) ]],
  ["/raises"] = [[ tell(pcall(client.start, client, "get_customer", {})) ]],
  ["/own_client"] = [[ local own = new_client() tell(own:get_customer(CUSTOMER)) own:close() ]],
  ["/left_client"] = [[ tell(new_client():get_customer(CUSTOMER)) ]],
  ["/cancelled"] = [[
    local call = stalled:start("get_customer", CUSTOMER)
    call:cancel()
    tell(call:result())
  ]],
  ["/closed_before_result"] = [[
    local own = new_client()
    local call = own:start("get_customer", CUSTOMER)
    own:close()
    assert(call:done())
    tell(call:result())
  ]],
  ["/events"] = [[
    local told = {}
    if not observed then
      observed = new_client { on_event = function(event)
        if event.type ~= "token" then table.insert(ngx.ctx.events, { event.type, event.request_id, event.category }) end
      end }
    end
    ngx.ctx.events = {}
    local _, _, meta = observed:get_customer(CUSTOMER)
    ngx.print(cjson.encode { events = ngx.ctx.events, meta = meta })
  ]],
}

--- The ways to make a call, and how many each makes.
local WAYS = { direct = 1, threads = 3, started = 3, coroutines = 3, timers = 3 }

for _, workers in ipairs { 1, 2 } do
  describe(("nginx, workers: %d,"):format(workers), function()
    local server, raw, nginx

    setup(function()
      server, raw = assert(sandbox.start()), servers.raw()
    end)

    before_each(function()
      nginx = support.start {
        options = server:client_options(), init = INIT:format(raw.url "stall"), workers = workers, locations = LOCATIONS,
      }
    end)

    after_each(function()
      local complaints = nginx.complaints()
      nginx.stop()
      assert.same({}, complaints)
    end)

    teardown(function()
      raw.stop()
      server:stop()
    end)

    --- Closes the clients whose calls are not answered, in each worker that has such calls.
    local function close_stalled(told)
      support.eventually(function()
        nginx.get "/close"
        return told()
      end)
    end

    it("makes the calls of a script", function()
      local told = nginx.told "/call"
      assert.equal(CUSTOMER, told.result.id)
      assert.equal(200, told.meta.status)
      assert.equal(1, told.meta.attempts)
      assert.equal("InReview", nginx.told "/update".result.vettingStatus)
      assert.equal("already_exists", nginx.told "/update".err.category)
      assert.equal(3, #nginx.told "/list".result)
      told = nginx.told "/bad"
      assert.equal("bad_input: customer_id must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301, and not "
        .. "'nobody'", told.text)
      assert.equal(0, told.meta.attempts)
      assert.matches("customer_id", nginx.told "/raises".err)
    end)

    for way, calls in pairs(WAYS) do
      it("calls are answered: " .. way, function()
        local answers = nginx.visit_times(20, "/" .. way)
        for _, answer in ipairs(answers) do
          local told = support.decode(answer.body)
          assert.equal(calls, #told)
          for _, each in ipairs(told) do
            assert.is_nil(each.text)
            assert.equal(CUSTOMER, each.result.id)
          end
        end
      end)

      it("calls wait side by side, the worker goes on, close ends them: " .. way, function()
        local before = #raw.requests()
        local visitors = { nginx.visit(("/%s?stalled=1"):format(way)), nginx.visit(("/%s?stalled=1"):format(way)) }
        support.eventually(function() return #raw.requests() - before == calls * #visitors end, "all requests")
        local seen = {}
        support.eventually(function()
          for _, answer in ipairs(nginx.visit_times(50, "/idle")) do
            assert.equal(200, answer.status)
            seen[answer.body] = true
          end
          for _, pid in ipairs(nginx.workers()) do
            if not seen[tostring(pid)] then
              return false
            end
          end
          return true
        end, "an answer of each worker")
        local answers = {}
        for _, visitor in ipairs(visitors) do
          visitor.connection:settimeout(0)
          assert.is_falsy(visitor:read())
        end
        close_stalled(function()
          for i, visitor in ipairs(visitors) do
            visitor.connection:settimeout(0)
            answers[i] = answers[i] or visitor:read() and visitor:answer()
          end
          return answers[1] and answers[2]
        end)
        for _, answer in ipairs(answers) do
          for _, each in ipairs(support.decode(answer.body)) do
            assert.equal("cancelled", each.err.category)
            assert.equal(1, each.meta.attempts)
            assert.is_true(seen[("%d"):format(each.worker)])
          end
        end
      end)
    end

    it("gives the result to all who wait for it", function()
      local told = support.decode(nginx.get "/two_waiters")
      for i = 1, 3 do
        assert.equal(CUSTOMER, told[i].result.id)
      end
      local visitor = nginx.visit "/two_waiters?stalled=1"
      socket.sleep(0.2)
      close_stalled(function()
        visitor.connection:settimeout(0)
        return visitor:read()
      end)
      for _, each in ipairs(support.decode(visitor:answer().body)) do
        assert.equal("cancelled", each.err.category)
      end
    end)

    it("waits where nginx has no socket left", function()
      assert.equal(CUSTOMER, nginx.told "/without_sockets".result.id)
    end)

    it("ends a call at its deadline", function()
      local told = nginx.told "/deadline"
      assert.equal("timeout", told.err.category)
      assert.is_true(told.meta.elapsed >= 0.2)
    end)

    it("tries again", function()
      server:fail { status = 503, times = 2 }
      local told = nginx.told "/call"
      assert.equal(CUSTOMER, told.result.id)
      assert.equal(3, told.meta.attempts)
    end)

    it("renews a token that is refused, once", function()
      assert.equal(1, nginx.told "/call".meta.attempts)
      server:fail { status = 401 }
      local told = nginx.told "/call"
      assert.equal(CUSTOMER, told.result.id)
      assert.equal(2, told.meta.attempts)
    end)

    it("holds back the calls of a worker that was told to wait", function()
      nginx.visit_times(20, "/call")
      local first = #access.service_requests(server) + 1
      server:fail { status = 429, headers = { ["Retry-After"] = "1" } }
      local visitor = nginx.visit "/call"
      support.eventually(function() return #access.service_requests(server) == first end, "the request")
      local others = nginx.visit_times(20, "/call")
      local throttled = support.decode(visitor:wait().body)
      assert.equal(2, throttled.meta.attempts)
      local held = 0
      for _, answer in ipairs(others) do
        local told = support.decode(answer.body)
        assert.equal(CUSTOMER, told.result.id)
        held = held + (told.worker == throttled.worker and told.meta.elapsed > 0.5 and 1 or 0)
      end
      assert.is_true(held > 0)
      local requests = access.service_requests(server)
      assert.is_true(requests[#requests].time - requests[first].time >= 0.99)
    end)

    it("moves started calls on that are only asked whether they are done, when their token is refused, too", function()
      for _ = 1, 5 do
        server:fail { status = 401 }
        local renewed = 0
        for _, told in ipairs(nginx.told "/polled") do
          assert.is_nil(told.text)
          assert.equal(CUSTOMER, told.result.id)
          renewed = renewed + told.meta.attempts - 1
        end
        assert.equal(1, renewed)
      end
    end)

    it("ends a started call that is cancelled, or whose client is closed", function()
      for _, path in ipairs { "/cancelled", "/closed_before_result" } do
        local told = nginx.told(path)
        assert.equal("cancelled", told.err.category)
      end
    end)

    it("takes a client for each request, closed or left to the collector", function()
      for _, path in ipairs { "/own_client", "/left_client" } do
        for _, answer in ipairs(nginx.visit_times(50, path)) do
          assert.equal(CUSTOMER, support.decode(answer.body).result.id)
        end
      end
    end)

    it("tells of events in the request that made the call, in order", function()
      nginx.visit_times(10, "/call")
      server:fail { status = 503, times = 5 }
      local failed = 0
      for _, answer in ipairs(nginx.visit_times(30, "/events")) do
        local told = support.decode(answer.body)
        local types, id = {}, told.events[1][2]
        for i, event in ipairs(told.events) do
          types[i] = event[1]
          assert.equal(id, event[2])
          failed = failed + (event[3] and event[1] == "response" and 1 or 0)
        end
        local expected = { "request", "response" }
        for _ = 2, told.meta.attempts do
          table.insert(expected, "retry")
          table.insert(expected, "request")
          table.insert(expected, "response")
        end
        assert.same(expected, types)
      end
      assert.equal(5, failed)
    end)
  end)
end

describe("nginx, over TLS,", function()
  local server, upstream

  setup(function()
    server = assert(sandbox.start())
    upstream = servers.nginx(([[
      server {
        listen 127.0.0.1:PORT ssl http2;
        ssl_certificate DIR/cert.pem;
        ssl_certificate_key DIR/key.pem;
        location / { proxy_pass %s; }
      }
    ]]):format(server:base_url()))
  end)

  teardown(function()
    upstream.stop()
    server:stop()
  end)

  local function start(ca_file)
    local options = access.options(server)
    options.base_url, options.ca_file = ("https://localhost:%d"):format(upstream.port), ca_file
    return support.start { options = options, init = "client = new_client { token_cache = false }" }
  end

  it("makes many calls on one connection with HTTP/2", function()
    local nginx = start(upstream.directory .. "/cert.pem")
    nginx.visit_times(1, "/call")
    for _, answer in ipairs(nginx.visit_times(50, "/call")) do
      assert.equal(CUSTOMER, support.decode(answer.body).result.id)
    end
    nginx.stop()
    local connections, calls = {}, 0
    for connection in upstream.log():gmatch "HTTP/2%.0 (%d+) GET /v1/customers/" do
      connections[connection], calls = true, calls + 1
    end
    assert.equal(51, calls)
    assert.is_nil(next(connections, (next(connections))))
  end)

  it("refuses a certificate that nobody vouches for", function()
    local nginx = start()
    local told = nginx.told "/call"
    assert.equal("tls", told.err.category)
    nginx.stop()
  end)
end)
