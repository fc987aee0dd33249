-- SPDX-License-Identifier: MIT
--- The ends of visitors, workers and nginx itself, with calls under way: nothing is lost, nothing is left.
local access = require "tests.support.access"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local support = require "tests.nginx.support"

local CUSTOMER = support.CUSTOMER

local INIT = [[
  client = new_client()
  stalled = assert(partnercenter.new { base_url = "%s", access_token = "token" })
  events = {}
  observed = new_client { on_event = function(event) table.insert(events, event) end }
]]

local LOCATIONS = {
  ["/update"] = [[
    tell(client:update_qualification(ngx.var.arg_customer, "Education", { website = "example.edu" }))
  ]],
  ["/observed"] = [[ tell(observed:update_qualification(CUSTOMER, "Education", { website = "example.edu" })) ]],
  ["/started"] = [[
    for i = 1, 3 do client:start("get_customer", CUSTOMER) end
    client:process()
    client:start("get_customer", "nobody") -- which has ended by now
    tell(client:start("get_customer", CUSTOMER):result())
  ]],
  ["/stalled"] = [[ tell(stalled:get_customer(CUSTOMER)) ]],
  ["/own_client"] = [[ local own = new_client() tell(own:get_customer(CUSTOMER)) own:close() ]],
  ["/left_client"] = [[ tell(new_client():get_customer(CUSTOMER)) ]],
  ["/collect"] = [[ collectgarbage() collectgarbage() ngx.print(cjson.encode(facts(#events))) ]],
  ["/events"] = [[
    local types = {}
    for i, event in ipairs(events) do types[i] = event.type end
    ngx.print(cjson.encode { types = types })
  ]],
  ["/kept"] = [[
    local function count(of)
      local n = 0
      for _ in pairs(of) do n = n + 1 end
      return n
    end
    local n = 0
    for _, c in ipairs { client, observed, stalled } do
      n = n + count(c.waiters) + count(c.kept) + count(c.tasks) + count(c.finished)
    end
    ngx.print(n)
  ]],
}

--- nginx and what it asks.
local server, raw, nginx

local function start(settings)
  settings.options = server:client_options()
  settings.init = settings.init or INIT:format(raw.url "stall")
  settings.locations = LOCATIONS
  nginx = support.start(settings)
end

--- Ends nginx; it has complained of nothing but what matches a pattern.
local function stop(expected)
  local complaints = {}
  for _, line in ipairs(nginx.complaints()) do
    if not (expected and line:match(expected)) then
      complaints[#complaints + 1] = line
    end
  end
  nginx.stop()
  assert.same({}, complaints)
  assert.same({}, support.left_behind())
end

local function service_requests()
  return #access.service_requests(server)
end

--- The result of a call, made from here.
local function ask(method, ...)
  local client = assert(partnercenter.new(server:client_options()))
  local result, err = client[method](client, ...)
  client:close()
  return result, err
end

--- Visits that path so often at once, and waits until all calls are on their way.
local function set_out(times, path)
  local before, visitors = service_requests(), {}
  for i = 1, times do
    visitors[i] = nginx.visit(path)
  end
  support.eventually(function() return service_requests() >= before + times end, "all requests")
  return visitors
end

local function assert_answered(visitors)
  for _, visitor in ipairs(visitors) do
    local answer = visitor:wait()
    assert.equal(200, answer.status)
    assert.equal(CUSTOMER, support.decode(answer.body).result.id)
  end
end

before_each(function()
  server, raw = assert(sandbox.start { vetting_time = 3600 }), servers.raw()
end)

after_each(function()
  raw.stop()
  server:stop()
end)

for _, workers in ipairs { 1, 2 } do
  describe(("nginx, workers: %d,"):format(workers), function()
    it("a reload finishes the calls in flight and their answers", function()
      start { workers = workers }
      assert_answered { nginx.visit "/call" }
      local before = nginx.workers()
      server:fail { delay = 1, times = 20 }
      local visitors = set_out(20, "/call")
      nginx.signal "HUP"
      assert_answered(visitors)
      assert_answered { nginx.visit "/call" }
      for _, pid in ipairs(before) do
        support.eventually(function() return support.holds(pid).threads == 0 end, "the end of a worker")
      end
      stop()
    end)

    it("quitting finishes the calls in flight and their answers", function()
      start { workers = workers }
      server:fail { delay = 1, times = 20 }
      local visitors = set_out(20, "/call")
      nginx.signal "QUIT"
      assert_answered(visitors)
      stop()
    end)

    it("termination ends at once", function()
      start { workers = workers }
      local visitors = {}
      for i = 1, 20 do
        visitors[i] = nginx.visit "/stalled"
      end
      support.eventually(function() return #raw.requests() == 20 end, "all requests")
      local pids = nginx.workers()
      nginx.signal "TERM"
      for _, visitor in ipairs(visitors) do
        assert.is_nil(visitor:wait().status)
      end
      support.eventually(function() return not nginx.master() end, "the end of nginx")
      for _, pid in ipairs(pids) do
        assert.equal(0, support.holds(pid).threads)
      end
      local complaints = nginx.complaints()
      os.execute("rm -r " .. nginx.directory)
      assert.same({}, complaints)
      assert.same({}, support.left_behind())
    end)

    it("the next worker works after one was killed", function()
      start { workers = workers }
      server:fail { delay = 0.5, times = 10 }
      local visitors = set_out(10, "/call")
      local killed = nginx.workers()
      for _, pid in ipairs(killed) do
        nginx.signal("KILL", pid)
      end
      for _, visitor in ipairs(visitors) do
        assert.is_nil(visitor:wait().status)
      end
      support.eventually(function() return #nginx.workers() == workers and nginx.workers()[1] ~= killed[1] end)
      for _ = 1, 10 do
        assert_answered { nginx.visit "/call" }
      end
      stop "exited on signal 9"
    end)

    it("ten reloads under load: every visitor is answered, nothing is left", function()
      start { workers = workers }
      local master, under_way = nginx.master(), {}
      nginx.visit_times(20, "/call")
      local before = support.holds(master)
      for _ = 1, 10 do
        for _ = 1, 20 do
          under_way[#under_way + 1] = nginx.visit "/call"
        end
        nginx.signal "HUP"
        for _ = 1, 20 do
          under_way[#under_way + 1] = nginx.visit "/call"
        end
        for _ = 1, 10 do
          assert_answered { table.remove(under_way, 1) }
        end
      end
      assert_answered(under_way)
      support.eventually(function() return #nginx.workers() == workers end, "the end of the old workers")
      assert.equal(1, support.holds(master).threads)
      assert.is_true(support.holds(master).descriptors <= before.descriptors + 2)
      stop()
    end)
  end)
end

for _, setting in ipairs { "on", "off" } do
  describe("a visitor who goes away, lua_check_client_abort " .. setting .. ",", function()
    before_each(function()
      start { server = ("lua_check_client_abort %s;"):format(setting) }
      nginx.visit_times(10, "/observed")
      nginx.get "/collect"
    end)

    after_each(function() stop() end)

    --- A visitor of the path who goes away once his request has left and is about to fail: it is sent again.
    local function lose_visitor(path)
      local first = service_requests()
      server:fail { status = 503, delay = 0.3 }
      local visitor = nginx.visit(path)
      support.eventually(function() return service_requests() == first + 1 end, "the request")
      visitor:leave()
      for _ = 1, 5 do
        nginx.get "/collect"
      end
      support.eventually(function() return service_requests() == first + 2 end, "the second request")
    end

    it("does not stop the call, and leaves nothing behind", function()
      nginx.visit_times(20, "/call")
      nginx.get "/collect"
      local pid = nginx.workers()[1]
      local before = support.holds(pid)
      for i = 1, 3 do
        local customer = ("%d1111111-2222-4333-8444-555555555555"):format(i)
        lose_visitor("/update?customer=" .. customer)
        support.eventually(function()
          return assert(ask("get_qualifications", customer))[1].qualification == "Education"
        end, "the effect")
      end
      support.eventually(function()
        nginx.get "/call"
        nginx.get "/collect"
        return nginx.get "/kept" == "0"
      end, "the end of the calls")
      support.eventually(function()
        nginx.get "/collect"
        return support.holds(pid).descriptors <= before.descriptors + 1
      end, "the end of the descriptors")
      assert.equal(before.threads, support.holds(pid).threads)
    end)

    it("is told of in the events", function()
      local before = #nginx.told "/events".types
      lose_visitor "/observed"
      local told
      support.eventually(function()
        nginx.visit("/observed"):wait()
        nginx.get "/collect"
        told = nginx.told "/events".types
        return #told >= before + 5 + 2
      end, "the events")
      local text = table.concat(told, " ", before + 1)
      assert.matches("request response retry request response", text)
    end)
  end)
end

describe("what nginx holds stays the same", function()
  local AT_ONCE = 50

  --- Visits the path so often, and looks at what the worker holds then.
  local function after(times, path)
    for _ = 1, times / AT_ONCE do
      for _, answer in ipairs(nginx.visit_times(AT_ONCE, path)) do
        assert.equal(200, answer.status)
      end
    end
    nginx.get "/collect"
    return support.holds(nginx.workers()[1])
  end

  --- Whether there is no more of anything, but for a little memory, in KiB.
  local function assert_flat(before, now, memory)
    assert.is_true(now.threads <= before.threads, ("%d threads, then %d"):format(before.threads, now.threads))
    -- Sockets are kept for later calls, as many pairs as there were visits at once; a leak would be one for each visit.
    assert.is_true(now.descriptors <= before.descriptors + 2 * AT_ONCE,
      ("%d descriptors, then %d"):format(before.descriptors, now.descriptors))
    assert.is_true(now.memory <= before.memory + memory, ("%d KiB, then %d"):format(before.memory, now.memory))
  end

  for path, times in pairs { ["/call"] = 3000, ["/started"] = 1000, ["/own_client"] = 300, ["/left_client"] = 300 } do
    it(("after %d visits of %s"):format(times, path), function()
      start {}
      local before = after(times, path)
      assert_flat(before, after(times, path), 4096)
      support.eventually(function() -- the calls that nobody has waited for end, too
        nginx.get "/call"
        nginx.get "/collect"
        return nginx.get "/kept" == "0"
      end, "the end of the calls")
      stop()
    end)
  end

  it("after 200 visits without the code cache", function()
    start { http = "lua_code_cache off;", init = "client = new_client() events = {}" }
    local before = after(100, "/call")
    assert_flat(before, after(200, "/call"), 4096)
    assert.equal(1, support.holds(nginx.workers()[1]).threads)
    stop "lua_code_cache is off"
  end)
end)
