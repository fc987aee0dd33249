-- SPDX-License-Identifier: MIT
--- Runs and waits inside nginx. STAGE is where the project was installed.
local cjson = require "cjson.safe"
local items = require "tests.support.items"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"

--- Each a function of the client, whose answer is the page.
local HANDLERS = {
  run = [[
    local told, most = 0, 0
    local summary, err = client:update_qualifications(source(200), {
      concurrency = 8, wait = true, interval = 0.1,
      on_result = function(item, result) told = told + 1; assert(item.n and result.vettingStatus ~= "InReview") end,
      on_progress = function(progress) most = math.max(most, progress.in_flight) end,
    })
    return { summary = summary, err = err and tostring(err), told = told, most = most }
  ]],
  started = [[
    local call = client:start("update_qualifications", source(20), { concurrency = 4 })
    local customer = client:get_customer("00000000-0000-4000-8000-000000000001")
    return { summary = call:result(), customer = customer }
  ]],
  cancelled = [[
    local call = client:start("update_qualifications", source(1000), { concurrency = 4 })
    ngx.sleep(0.1)
    call:cancel()
    local summary, err = call:result()
    return { summary = summary, category = err.category, ended = err.summary }
  ]],
  raised = [[
    local told = 0
    local summary, err = client:update_qualifications(source(1000), { concurrency = 4, on_result = function()
      told = told + 1
      if told == 10 then error "enough" end
    end })
    return { summary = summary, category = err.category, ended = err.summary, told = told }
  ]],
  vetting = [[
    local id = source(1)().customer_id
    assert(client:update_qualification(id, "Education"))
    return { result = client:wait_for_vetting(id, { interval = 0.05 }) }
  ]],
  journal = [[
    local summary, err = client:update_qualifications(source(1), { journal = "/tmp/run.db" })
    return { summary = summary, category = err.category, message = err.message }
  ]],
  closed = [[
    local told = 0
    local summary, err = client:update_qualifications(source(1000), { concurrency = 4, on_result = function()
      told = told + 1
      if told == 10 then client:close() end
    end })
    return { summary = summary, category = err.category, told = told }
  ]],
  memory = [[
    local before
    local summary = client:update_qualifications(source(6000), { concurrency = 16, on_progress = function(progress)
      if progress.done == 2000 then
        collectgarbage() collectgarbage()
        before = collectgarbage "count"
      end
    end })
    collectgarbage() collectgarbage()
    return { summary = summary, before = before, after = collectgarbage "count" }
  ]],
}

local COMMON = [[
  local cjson = require "cjson.safe"
  local client = assert(require "partnercenter".new(cjson.decode(OPTIONS)))
  local function source(count)
    local n = 0
    return function()
      n = n + 1
      return n <= count and {
        customer_id = ("%08x-0000-4000-8000-%012x"):format(PREFIX, n), qualification = "Education", n = n,
      } or nil
    end
  end
  local function work() HANDLER end
]]

--- The page of a handler, whose work is done in a timer.
local TIMER = COMMON .. [[
  local answer
  assert(ngx.timer.at(0, function() answer = { pcall(work) } end))
  repeat ngx.sleep(0.01) until answer
  ngx.print(cjson.encode(answer))
  client:close()
]]

local PAGE = COMMON .. [[
  ngx.print(cjson.encode { pcall(work) })
  client:close()
]]

describe("a run in nginx", function()
  local nginx, server

  setup(function()
    server = assert(sandbox.start { vetting_time = 0.2, latency = 0.005 })
    local stage, locations, prefix = os.getenv "STAGE", {}, 0
    for name, handler in pairs(HANDLERS) do
      for place, page in pairs { timer = TIMER, page = PAGE } do
        prefix = prefix + 1
        local values = { OPTIONS = ("[==[%s]==]"):format(cjson.encode(server:client_options())), HANDLER = handler,
          PREFIX = tostring(prefix) }
        locations[#locations + 1] = ("location /%s/%s { content_by_lua_block { %s } }"):format(place, name,
          page:gsub("%f[%w]%u+%f[%W]", values))
      end
    end
    nginx = servers.nginx(([[
      lua_package_path '%s/share/lua/5.1/?.lua;;';
      lua_package_cpath '%s/lib/lua/5.1/?.so;;';
      server {
        listen 127.0.0.1:PORT;
        location /nothing { return 200 'ok'; }
        %s
      }
    ]]):format(stage, stage, table.concat(locations, "\n")),
      "load_module /usr/lib/nginx/modules/ndk_http_module.so; load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;")
  end)

  teardown(function()
    nginx.stop()
    server:stop()
  end)

  local function get(place, name)
    local answer = assert(cjson.decode(nginx.get(("/%s/%s"):format(place, name))))
    assert.is_true(answer[1], tostring(answer[2]))
    return answer[2]
  end

  for _, place in ipairs { "timer", "page" } do
    it("updates and follows many customers, in a " .. place, function()
      local answer = get(place, "run")
      assert.is_nil(answer.err)
      assert.equal(200, answer.summary.total)
      assert.equal(200, answer.summary.succeeded)
      assert.equal(200, answer.told)
      assert.is_true(answer.most > 2 and answer.most <= 8)
    end)

    it("can be started beside another call, in a " .. place, function()
      local answer = get(place, "started")
      assert.equal(20, answer.summary.succeeded)
      assert.is_table(answer.customer)
    end)

    it("can be cancelled, in a " .. place, function()
      local answer = get(place, "cancelled")
      assert.is_nil(answer.summary)
      assert.equal("cancelled", answer.category)
      assert.is_true(answer.ended.total < 1000)
    end)

    it("ends when a function raises, in a " .. place, function()
      local answer = get(place, "raised")
      assert.equal("callback", answer.category)
      assert.is_true(answer.told >= 10 and answer.told < 14)
      assert.equal(answer.told, answer.ended.succeeded)
    end)

    it("ends when the client is closed, in a " .. place, function()
      local answer = get(place, "closed")
      assert.equal("cancelled", answer.category)
      assert.is_true(answer.told >= 10 and answer.told < 18)
    end)

    it("waits for a vetting, in a " .. place, function()
      assert.equal("Approved", get(place, "vetting").result.vettingStatus)
    end)

    it("keeps no journal, and says what does, in a " .. place, function()
      local answer = get(place, "journal")
      assert.is_nil(answer.summary)
      assert.equal("unavailable", answer.category)
      assert.matches("partnercenter bulk", answer.message)
    end)
  end

  it("needs no more memory for more items", function()
    local answer = get("timer", "memory")
    assert.equal(6000, answer.summary.succeeded)
    assert.is_true(answer.after < answer.before * 1.1 + 100, answer.before .. " KiB, then " .. answer.after)
  end)

  it("does not hold up the worker", function()
    local other = assert(socket.connect("127.0.0.1", nginx.port))
    other:send "GET /timer/run HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    local longest = 0
    for _ = 1, 20 do
      local begun = socket.gettime()
      nginx.get "/nothing"
      longest = math.max(longest, socket.gettime() - begun)
      socket.sleep(0.01)
    end
    other:close()
    assert.is_true(longest < 0.2, longest)
  end)

  it("ends without an error in its log", function()
    local log = nginx.log "error"
    assert.is_nil(log:match "%[error%][^\n]*" or log:match "%[alert%][^\n]*")
    assert.is_true(#items.updates(server) > 400)
  end)
end)
