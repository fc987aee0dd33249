-- SPDX-License-Identifier: MIT
--- Calls are made where nginx can suspend them; elsewhere they say so and send nothing.
local access = require "tests.support.access"
local sandbox = require "partnercenter.sandbox"
local support = require "tests.nginx.support"

local CUSTOMER = support.CUSTOMER

--- `try` makes a call in each way that there is, and keeps what came of it under the phase's name.
local INIT = [[
  client = new_client()
  tried = {}
  function try(name)
    local function direct() return facts(client:get_customer(CUSTOMER)) end
    local has_coroutines, co = pcall(coroutine.wrap, direct)
    tried[name] = {
      direct = direct(), wrapped = has_coroutines and co() or nil,
      started = facts(client:start("get_customer", CUSTOMER):result()),
    }
  end
  try "init"
]]

local HTTP = [[
  init_worker_by_lua_block { try "init_worker" }
  upstream balanced {
    server 0.0.0.1;
    balancer_by_lua_block {
      try "balancer"
      require "ngx.balancer".set_current_peer("127.0.0.1", PORT)
    }
  }
]]

local IDLE = [[ content_by_lua_block { ngx.print "idle" } ]]

--- What each location does, and the names under which it leaves something.
local NOT_THERE = {
  init = IDLE,
  init_worker = IDLE,
  set = [[ set_by_lua_block $x { try "set" return "" } ]] .. IDLE,
  header_filter = [[ header_filter_by_lua_block { try "header_filter" } ]] .. IDLE,
  body_filter = [[ body_filter_by_lua_block { if not ngx.arg[2] then try "body_filter" end } ]] .. IDLE,
  log = [[ log_by_lua_block { try "log" } ]] .. IDLE,
  balancer = [[ proxy_pass http://balanced/worker; ]],
}

local INSIDE = {
  ["table.sort"] = [[ table.sort({ 2, 1 }, function(a, b) inside() return a < b end) ]],
  ["string.gsub"] = [[ string.gsub("a", "a", function() inside() end) ]],
}

local THERE = {
  rewrite = [[ rewrite_by_lua_block { try "rewrite" } ]] .. IDLE,
  access = [[ access_by_lua_block { try "access" } ]] .. IDLE,
  content = [[ content_by_lua_block { try "content" ngx.print "idle" } ]],
  timer = [[ content_by_lua_block {
    ngx.timer.at(0, function() try "timer" end)
    while not tried.timer do ngx.sleep(0.01) end
    ngx.print "idle"
  } ]],
  thread = [[ content_by_lua_block { ngx.thread.wait(ngx.thread.spawn(try, "thread")) ngx.print "idle" } ]],
}

local function all_locations()
  local rows = {}
  for _, group in ipairs { NOT_THERE, THERE } do
    for name, directives in pairs(group) do
      rows["/" .. name] = directives
    end
  end
  for name, code in pairs(INSIDE) do
    rows["/" .. name] = ([[ content_by_lua_block {
      local told = {}
      local function inside()
        told.direct = facts(client:get_customer(CUSTOMER))
        local call = client:start("get_customer", CUSTOMER)
        told.is_done = call:done()
        told.started = facts(call:result())
      end
      %s
      ngx.print(cjson.encode(told))
    } ]]):format(code)
  end
  rows["/tried"] = [[ ngx.print(cjson.encode(tried)) ]]
  return rows
end

for _, workers in ipairs { 1, 2 } do
  describe(("nginx, workers: %d,"):format(workers), function()
    local server, nginx

    before_each(function()
      server = assert(sandbox.start())
      nginx = support.start {
        options = server:client_options(), workers = workers, init = INIT, http = HTTP, locations = all_locations(),
      }
    end)

    after_each(function()
      local complaints = nginx.complaints()
      nginx.stop()
      server:stop()
      assert.same({}, complaints)
    end)

    --- What a worker has tried under the name, once it has.
    local function tried(name)
      return support.eventually(function()
        nginx.visit("/" .. name):wait()
        return nginx.told "/tried"[name]
      end, name)
    end

    for name in pairs(NOT_THERE) do
      it("no call is made in " .. name .. "_by_lua", function()
        for way, told in pairs(tried(name)) do
          assert.is_nil(told.result, way)
          assert.equal("unavailable", told.err.category)
          assert.equal(("a call cannot wait for its answer in the phase %s of nginx, nor inside a function such as"
            .. " table.sort or string.gsub: make it from a timer, with ngx.timer.at(0, ...)"):format(name), told.err.message)
          assert.equal(0, told.meta.attempts)
        end
        assert.same({}, server:requests())
      end)
    end

    for name in pairs(INSIDE) do
      it("no call is made inside " .. name, function()
        local told = nginx.told("/" .. name)
        for _, each in ipairs { told.direct, told.started } do
          assert.matches("^unavailable: a call cannot wait .* inside a function such as table.sort", each.text)
          assert.equal(0, each.meta.attempts)
        end
        assert.is_true(told.is_done)
        assert.same({}, server:requests())
      end)
    end

    for name in pairs(THERE) do
      it("calls are made in " .. name, function()
        for _, told in pairs(tried(name)) do
          assert.is_nil(told.text)
          assert.equal(CUSTOMER, told.result.id)
        end
        assert.is_true(#access.service_requests(server) >= 3)
      end)
    end
  end)
end
