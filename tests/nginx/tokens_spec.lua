-- SPDX-License-Identifier: MIT
--- Tokens in nginx: one renewal at a time in a worker, shared between workers, whoever goes away.
local access = require "tests.support.access"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"
local support = require "tests.nginx.support"

local CUSTOMER = support.CUSTOMER

--- `alone` does not share its token. The functions of `slow` let others run, as those do that ask
--- another server.
local INIT = [[
  client, access_token = new_client(), "%s"
  alone = new_client { token_cache = false }
  asked = 0
  slow = new_client {
    token_cache = {
      get = function(_, key) ngx.sleep(0.05) return ngx.shared.tokens:get("slow" .. key) end,
      set = function(_, key, ...) ngx.sleep(0.05) return ngx.shared.tokens:set("slow" .. key, ...) end,
    },
    refresh_token = function() asked = asked + 1 ngx.sleep(0.05) return options.refresh_token end,
    on_refresh_token = function() ngx.sleep(0.05) end,
  }
  handing = new_client {
    token_cache = false,
    on_refresh_token = function() is_handing = true ngx.sleep(0.3) end,
  }
  asking = assert(partnercenter.new {
    base_url = options.base_url, allow_insecure_http = true,
    access_token = function() ngx.sleep(0.05) return access_token end,
  })
  provided = assert(partnercenter.new {
    base_url = options.base_url, allow_insecure_http = true,
    access_token = function()
      local from = ngx.socket.tcp()
      assert(from:connect("127.0.0.1", %d))
      from:send "GET /ok HTTP/1.0\r\n\r\n"
      assert(from:receive "*l")
      from:close()
      ngx.sleep(0.05)
      return access_token, 3600
    end,
  })
]]

local LOCATIONS = {
  ["/alone"] = [[ tell(alone:get_customer(CUSTOMER)) ]],
  ["/hasty"] = [[ tell(alone:get_customer(CUSTOMER, { deadline = 0.1 })) ]],
  ["/slow"] = [[ tell(slow:get_customer(CUSTOMER)) ]],
  ["/handing"] = [[ tell(handing:get_customer(CUSTOMER)) ]],
  ["/is_handing"] = [[ ngx.print(tostring(is_handing)) ]],
  ["/asking"] = [[ tell(asking:get_customer(CUSTOMER)) ]],
  ["/asking_started"] = [[ tell(asking:start("get_customer", CUSTOMER):result()) ]],
  ["/provided"] = [[ tell(provided:get_customer(CUSTOMER)) ]],
  ["/provided_started"] = [[
    local first, second = provided:start("get_customer", CUSTOMER), provided:start("get_customer", CUSTOMER)
    assert(first:result())
    tell(second:result())
  ]],
}

for _, workers in ipairs { 1, 2 } do
  describe(("nginx, workers: %d,"):format(workers), function()
    local server, raw, nginx

    setup(function() raw = servers.raw() end)

    before_each(function()
      server = assert(sandbox.start { token_lifetime = 3600 })
      nginx = support.start {
        options = server:client_options(), init = INIT:format(access.token(server), raw.port), workers = workers,
        locations = LOCATIONS, server = "lua_check_client_abort on;",
      }
    end)

    after_each(function()
      local complaints = nginx.complaints()
      nginx.stop()
      server:stop()
      assert.same({}, complaints)
    end)

    teardown(function() raw.stop() end)

    --- How many requests for a token there were; one of them is the spec's own.
    local function token_requests()
      return #server:requests() - #access.service_requests(server) - 1
    end

    --- Visits so often at once; returns how many workers have answered.
    local function visit(times, path)
      local seen, count = {}, 0
      for _, answer in ipairs(nginx.visit_times(times, path)) do
        local told = support.decode(answer.body)
        assert.is_nil(told.text)
        assert.equal(CUSTOMER, told.result.id)
        count = count + (seen[told.worker] and 0 or 1)
        seen[told.worker] = true
      end
      return count
    end

    for _, path in ipairs { "/call", "/alone", "/slow" } do
      it("a hundred first calls at once need one token a worker: " .. path, function()
        local seen = visit(100, path)
        assert.is_true(token_requests() >= 1)
        assert.is_true(token_requests() <= seen)
        local before = token_requests()
        if path ~= "/alone" then
          support.eventually(function() return visit(50, path) == workers end)
          assert.equal(before, token_requests())
        end
      end)
    end

    it("workers that come later take the token from the cache", function()
      visit(20, "/call")
      local before = token_requests()
      nginx.reload()
      support.eventually(function() return visit(20, "/call") == workers end)
      assert.equal(before, token_requests())
    end)

    it("a token that is refused is renewed once, by all calls together", function()
      support.eventually(function() return visit(50, "/call") == workers end)
      local before = token_requests()
      server:fail { status = 401, times = 10 }
      local renewed = 0
      for _, answer in ipairs(nginx.visit_times(50, "/call")) do
        local told = support.decode(answer.body)
        renewed = renewed + (told.meta.attempts == 2 and 1 or 0)
      end
      assert.is_true(renewed >= 1)
      assert.is_true(token_requests() - before <= renewed)
    end)

    it("serves the others when the visitor goes away whose call renews the token", function()
      for _, path in ipairs { "/alone", "/slow" } do
        local before = token_requests()
        server:fail { delay = 0.7, path = "/oauth2/token", times = workers }
        local first = nginx.visit(path)
        support.eventually(function() return token_requests() == before + 1 end, "the request for a token")
        local others = {}
        for i = 1, 20 do
          others[i] = nginx.visit(path)
        end
        socket.sleep(0.1)
        first:leave()
        for _, visitor in ipairs(others) do
          assert.equal(CUSTOMER, support.decode(visitor:wait().body).result.id)
        end
        assert.is_true(token_requests() - before <= workers)
      end
    end)

    it("serves those who come after the only visitor who waited for a token has gone away", function()
      server:fail { delay = 0.3, path = "/oauth2/token" }
      local first = nginx.visit "/alone"
      support.eventually(function() return token_requests() == 1 end, "the request for a token")
      first:leave()
      socket.sleep(0.5)
      assert.is_true(visit(20, "/alone") >= 1)
      assert.is_true(token_requests() <= workers)
    end)

    it("serves the others when the visitor goes away in whose request a token arrived", function()
      server:fail { delay = 0.3, path = "/oauth2/token", times = workers }
      local first, others = nginx.visit "/handing", {}
      support.eventually(function() return token_requests() == 1 end, "the request for a token")
      for i = 1, 20 do
        others[i] = nginx.visit "/handing"
      end
      support.eventually(function() return nginx.get "/is_handing" == "true" end, "the new refresh token")
      first:leave()
      for _, visitor in ipairs(others) do
        assert.equal(CUSTOMER, support.decode(visitor:wait().body).result.id)
      end
    end)

    it("bears visitors who go away while a function of the script waits", function()
      for _, path in ipairs { "/asking", "/asking_started" } do
        local visitors = {}
        for i = 1, 40 do
          visitors[i] = nginx.visit(path)
        end
        socket.sleep(0.02)
        for _, visitor in ipairs(visitors) do
          visitor:leave()
        end
        socket.sleep(0.1)
        visit(10, path)
      end
    end)

    it("serves the others when a call has ended before there is a token", function()
      server:fail { delay = 0.7, path = "/oauth2/token", times = workers }
      local hasty, others = nginx.visit "/hasty", {}
      support.eventually(function() return token_requests() == 1 end, "the request for a token")
      for i = 1, 20 do
        others[i] = nginx.visit "/alone"
      end
      local told = support.decode(hasty:wait().body)
      assert.equal("timeout", told.err.category)
      assert.equal("the deadline passed while the call waited for an access token", told.err.message)
      for _, visitor in ipairs(others) do
        assert.equal(CUSTOMER, support.decode(visitor:wait().body).result.id)
      end
    end)

    it("says why there is no token", function()
      server:fail { status = 400, path = "/oauth2/token", times = 10 }
      for _, answer in ipairs(nginx.visit_times(10, "/alone")) do
        local told = support.decode(answer.body)
        assert.equal(0, told.meta.attempts)
        assert.matches("^unauthorized: no access token: AADSTS90033", told.text)
      end
    end)

    it("an access_token function may use nginx's own sockets and timers", function()
      visit(30, "/provided")
      visit(10, "/provided_started")
    end)
  end)
end
