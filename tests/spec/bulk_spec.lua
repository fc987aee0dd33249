-- SPDX-License-Identifier: MIT
--- Runs: the updates of many customers.
local access = require "tests.support.access"
local items = require "tests.support.items"
local make = require "tests.support.made"
local partnercenter = require "partnercenter"
local sandbox = require "partnercenter.sandbox"
local servers = require "tests.support.servers"
local socket = require "socket"

local tally = getmetatable(require("partnercenter.bulk.tally").new(nil, {}, {}))

local counts = items.counts
local made = make.each(before_each, after_each, { vetting_time = 0.2 })

--- Runs with an `on_result` that counts how often each item came, and returns what came.
local function run(source, options)
  local told, errors = {}, {}
  options = options or {}
  options.on_result = options.on_result or function(item, result, err, meta)
    told[item] = (told[item] or 0) + 1
    errors[item] = err
    assert(result or err)
    assert(type(meta.attempts) == "number" and type(meta.elapsed) == "number")
  end
  local summary, err = made.client:update_qualifications(source, options)
  return summary, err, told, errors
end

describe("a run", function()
  it("updates every item of an array, and gives back the very items", function()
    local all = items.array(40)
    local summary, err, told, errors = run(all)
    assert.is_nil(err)
    assert.same({ 40, 40, 0, 0, 0 }, counts(summary))
    assert.is_true(summary.elapsed > 0)
    for _, item in ipairs(all) do
      assert.equal(1, told[item])
    end
    assert.is_nil(next(errors))
    assert.equal(40, #items.updates(made.server))
  end)

  it("updates every item of an iterator, and sends what they say", function()
    local sent = {
      { customer_id = "{" .. items.customer(171):upper() .. "}", qualification = 3, validation_code = 12345, other = true },
      { customer_id = items.customer(2), qualification = "education", education_segment = "HigherEducation",
        website = "example.edu" },
    }
    local position = 0
    local summary = run(function()
      position = position + 1
      return sent[position]
    end)
    assert.same({ 2, 2, 0, 0, 0 }, counts(summary))
    for _, update in ipairs(items.updates(made.server)) do
      if update.customer == items.customer(171) then
        assert.matches('"validationCode":"12345"', update.body)
      else
        assert.matches('"educationSegment":"HigherEducation"', update.body)
        assert.matches('"website":"example.edu"', update.body)
      end
    end
  end)

  it("of nothing has nothing to do", function()
    assert.same({ 0, 0, 0, 0, 0 }, counts((run {})))
    assert.same({ 0, 0, 0, 0, 0 }, counts((run(function() end))))
  end)

  it("makes at most so many calls at the same time", function()
    made.restart { latency = 0.02 }
    for concurrency, expected in pairs { [1] = 1, [5] = 5, [64] = 30 } do
      local on_wire, most = 0, 0
      made.new_client { max_connections = 64, on_event = function(event)
        on_wire = on_wire + (event.type == "request" and 1 or event.type == "response" and -1 or 0)
        most = math.max(most, on_wire)
      end }
      run(items.array(30), { concurrency = concurrency })
      assert.equal(expected, most)
      made.client:close()
    end
  end)

  it("has no two calls for one customer in flight, polls included", function()
    made.restart { latency = 0.01, vetting_time = 0.1 }
    local busy, problems = {}, 0
    made.new_client { on_event = function(event)
      if event.type == "request" then
        problems = problems + (busy[event.customer_id] and 1 or 0)
        busy[event.customer_id] = true
      elseif event.type == "response" then
        busy[event.customer_id] = nil
      end
    end }
    local all = {}
    for n = 1, 30 do
      all[n] = items.item(n % 3)
      all[n].website = "denied.example.edu" -- so that the customer can be updated again
      if n % 2 == 0 then
        all[n].customer_id = "{" .. all[n].customer_id:upper() .. "}"
      end
    end
    local summary = run(all, { wait = true, interval = 0.03, concurrency = 8 })
    assert.equal(0, problems)
    assert.equal(30, summary.total)
    assert.equal(30, summary.denied + summary.failed)
    assert.is_true(summary.denied >= 3)
  end)

  it("reports malformed items with their position, and goes on", function()
    local all = items.array(8)
    all[2] = { customer_id = "no GUID", qualification = "Education" }
    all[3] = { customer_id = items.customer(3), qualification = "Wizardry" }
    all[4] = { customer_id = items.customer(4), qualification = "GovernmentCommunityCloud" }
    all[5] = { customer_id = items.customer(5), qualification = "Education", website = {} }
    all[6] = "not even a table"
    all[7] = { customer_id = items.customer(7), qualification = "Education", website = "a\nb" }
    local expected = { [all[2]] = "item 2: customer_id .*'no GUID'", [all[3]] = "item 3: qualification 'Wizardry'",
      [all[4]] = "item 4: .*validation_code", [all[5]] = "item 5: .*website", [all[6]] = "item 6: an item must be a table",
      [all[7]] = "item 7: .*website" }
    local summary, _, told, errors = run(all)
    assert.same({ 8, 2, 6, 0, 0 }, counts(summary))
    for item, message in pairs(expected) do
      assert.equal(1, told[item])
      assert.equal("bad_input", errors[item].category)
      assert.matches(message, errors[item].message)
    end
    assert.equal(2, #items.updates(made.server))
  end)

  it("lets calls in flight end while it has nothing but malformed items", function()
    local no_website = { customer_id = items.customer(9), qualification = "Education", website = "a\nb" }
    for n, malformed in ipairs { "not even a table", no_website } do
      local count, has_answer = 0, false
      run(function()
        count = count + 1
        assert(count < 1e6)
        return count == 1 and items.item(n) or not has_answer and malformed or nil
      end, { concurrency = 4, on_result = function(_, result) has_answer = has_answer or result ~= nil end })
      assert.is_true(count < 1e6)
      assert.is_true(has_answer)
    end
  end)

  it("reports what the service refuses, and goes on", function()
    assert(made.client:update_qualification(items.customer(2), "StateOwnedEntity"))
    local all = items.array(4)
    local summary, _, _, errors = run(all)
    assert.same({ 4, 3, 1, 0, 0 }, counts(summary))
    assert.equal("already_exists", errors[all[2]].category)
  end)

  it("tells its progress", function()
    local seen, last, in_flight = 0, nil, 0
    run(items.array(20), { concurrency = 4, on_progress = function(progress)
      seen = seen + 1
      assert(progress.total == 20 and progress.done == seen and progress.succeeded + progress.failed == seen)
      assert(progress.in_flight <= 4)
      in_flight, last = math.max(in_flight, progress.in_flight), progress
    end })
    assert.equal(20, seen)
    assert.is_true(in_flight > 0)
    assert.equal(0, last.in_flight)
    for concurrency, expected in pairs { [1] = 0, [16] = 8 } do -- the total is known once the iterator has ended
      local first
      run(items.iterator(8), { concurrency = concurrency, on_progress = function(progress)
        first = first or progress.total or 0
      end })
      assert.equal(expected, first)
    end
  end)

  it("raises for programming mistakes and returns bad data", function()
    for _, case in ipairs {
      { 42, nil, "source" }, { {}, { colour = 1 }, "unknown option 'colour'" }, { {}, { on_result = 1 }, "on_result" },
      { {}, { concurrency = "8" }, "concurrency" },
      { { customer_id = "x", qualification = 1 }, nil, "source.*array of items expected, got a table without its first" },
      { { items.item(1), nil, items.item(2) }, nil, "source.*array of items expected, got one without its item 2" },
    } do
      local ok, raised = pcall(function() made.client:update_qualifications(case[1], case[2]) end)
      assert.is_false(ok)
      assert.matches("bulk_spec.lua:%d+: .*" .. case[3], raised)
    end
    for name, value in pairs { concurrency = 0, interval = 0, wait_timeout = -1, max_retries = -1, journal = "" } do
      local summary, err = made.client:update_qualifications({}, { [name] = value })
      assert.is_nil(summary)
      assert.equal("bad_input", err.category)
      assert.matches(name, err.message)
    end
    for _, url in ipairs { "pgsql://user:hunter2@db/x", "postgresql:/user:hunter2@db/x", "mysql://user:hunter2@db/x" } do
      local _, err = made.client:update_qualifications({}, { journal = url })
      assert.matches("^journal must be a path, or a URL that begins with postgresql://", err.message)
      assert.is_nil(err.message:find "hunter2")
    end
    for _, spec in ipairs { {}, { at = 1 }, { at = "x", name = "y" }, { at = "x", run = "" }, { at = "a\0b" } } do
      assert.equal("bad_input", select(2, made.client:update_qualifications({}, { journal = spec })).category)
    end
  end)
end)

describe("a run that waits", function()
  it("follows each item to its decision", function()
    local all = items.array(12)
    all[5].website, all[6].website = "denied.example.edu", "denied.example.edu"
    local results = {}
    local summary = run(all, { wait = true, interval = 0.05, on_result = function(item, result)
      results[item] = (results[item] or "") .. result.vettingStatus
    end })
    assert.same({ 12, 10, 0, 0, 2 }, counts(summary))
    for i, item in ipairs(all) do
      assert.equal((i == 5 or i == 6) and "Denied" or "Approved", results[item])
    end
  end)

  it("begins new items, however many are to be asked for", function()
    made.restart { vetting_time = 3600 }
    local call = made.client:start("update_qualifications", items.array(5), { concurrency = 1, wait = true, interval = 1e-6,
      max_interval = 1e-6 })
    while #items.updates(made.server) < 5 do
      call:done()
      assert.is_true(#made.server:requests() < 100)
    end
    call:cancel()
    assert.equal("cancelled", select(2, call:result()).category)
  end)

  it("reports an item whose wait fails", function()
    made.server:fail { status = 404, path = "/qualifications", times = 1 }
    local summary, _, _, errors = run(items.array(1), { wait = true, interval = 0.02 })
    assert.same({ 1, 0, 1, 0, 0 }, counts(summary))
    assert.equal(404, select(2, next(errors)).status)
  end)
end)

describe("what ends a run", function()
  local raised = setmetatable({}, { __tostring = function() return "enough" end })

  --- A run of 100 that something ends after some; everything that was begun must be told of.
  local function assert_ended(summary, err, told_of, name)
    assert.is_nil(summary)
    assert.equal("callback", err.category)
    assert.equal(raised, err.cause)
    assert.matches(name, err.message)
    assert.is_true(err.summary.total < 100)
    assert.equal(told_of, err.summary.succeeded)
    assert.equal(told_of, #items.updates(made.server))
  end

  it("is an on_result that raises: nothing more is begun, what is in flight is told of", function()
    local told = 0
    local summary, err = made.client:update_qualifications(items.iterator(100), { concurrency = 4, on_result = function()
      told = told + 1
      if told >= 10 then
        error(raised)
      end
    end })
    assert.is_true(told >= 10 and told < 14)
    assert_ended(summary, err, told, "on_result")
  end)

  it("is an on_progress that raises", function()
    local told = 0
    local summary, err = made.client:update_qualifications(items.iterator(100), {
      concurrency = 4,
      on_result = function() told = told + 1 end,
      on_progress = function(progress)
        if progress.done == 10 then
          error(raised)
        end
      end,
    })
    assert_ended(summary, err, told, "on_progress")
  end)

  it("is a source that raises", function()
    local told, iterator, n = 0, items.iterator(100), 0
    local summary, err = made.client:update_qualifications(function()
      n = n + 1
      if n == 11 then
        error(raised)
      end
      return iterator()
    end, { concurrency = 4, on_result = function() told = told + 1 end })
    assert.equal(10, told)
    assert_ended(summary, err, told, "source")
    assert.equal(11, n)
  end)

  it("is a source that says why it has no further item", function()
    local told, iterator, n = 0, items.iterator(100), 0
    local summary, err = made.client:update_qualifications(function()
      n = n + 1
      if n == 11 then
        return nil, raised
      end
      return iterator()
    end, { concurrency = 4, on_result = function() told = told + 1 end })
    assert.equal(10, told)
    assert_ended(summary, err, told, "the source function returned no item: enough")
  end)

  it("is a source that returns false, like one that returns nil", function()
    local n = 0
    local summary = assert(made.client:update_qualifications(function()
      n = n + 1
      return n <= 3 and items.item(n)
    end))
    assert.same({ 3, 3, 0, 0, 0 }, counts(summary))
    assert.equal(4, n)
  end)

  for _, is_threaded in ipairs { false, true } do
    local how = is_threaded and " with a thread of the engine's own" or ""

    it("is its cancelling" .. how, function()
      made.server:fail { delay = 60, times = 100, path = "/qualifications" }
      if is_threaded then
        made.client:pollfd()
      end
      local results = {}
      local call = made.client:start("update_qualifications", items.iterator(100), { concurrency = 4,
        on_result = function(_, _, err) results[#results + 1] = err.category end })
      assert.is_false(call:done())
      assert(made.client:get_customer(items.customer(1)))
      call:cancel()
      local summary, err = call:result()
      assert.is_nil(summary)
      assert.equal("cancelled", err.category)
      assert.same({ 4, 0, 4, 0, 0 }, counts(err.summary))
      assert.same({ "cancelled", "cancelled", "cancelled", "cancelled" }, results)
      assert(made.client:get_customer(items.customer(1)))
    end)

    it("is the closing of the client" .. how, function()
      if is_threaded then
        made.client:pollfd()
      end
      local told = 0
      local call = made.client:start("update_qualifications", items.iterator(100), { concurrency = 4, on_result = function()
        told = told + 1
        if told == 10 then
          made.client:close()
        end
      end })
      local summary, err = call:result()
      assert.is_nil(summary)
      assert.equal("cancelled", err.category)
      assert.is_true(told >= 10 and told < 14)
      assert.is_true(err.summary.total <= 14)
    end)
  end

  it("is the closing of the client in a run that is not started", function()
    local told = 0
    local summary, err = made.client:update_qualifications(items.iterator(100), { wait = true, interval = 0.01,
      concurrency = 2, on_result = function()
        told = told + 1
        made.client:close()
      end })
    assert.is_nil(summary)
    assert.equal("cancelled", err.category)
    assert.equal("the client was closed before the run had ended", err.message)
    assert.is_true(told >= 1 and told < 5)
  end)

  it("is what a hook raises, as Ctrl-C does", function()
    made.server:fail { delay = 60, times = 3, path = "/qualifications" }
    local told = {}
    local ok, message = pcall(function()
      debug.sethook(function()
        if #told == 1 then
          debug.sethook()
          error "interrupted!"
        end
      end, "l")
      made.client:update_qualifications(items.iterator(100), { concurrency = 4,
        on_result = function(_, _, err) told[#told + 1] = err and err.category or "none" end })
    end)
    debug.sethook()
    assert.is_false(ok)
    assert.matches("interrupted!", message)
    -- How many more were begun before the hook was called is up to the interpreter: LuaJIT calls none in what it
    -- has compiled.
    local count = { none = 0, cancelled = 0 }
    for _, category in ipairs(told) do
      count[category] = count[category] + 1
    end
    assert.equal("none", told[1])
    assert.is_true(count.cancelled >= 3)
    assert.is_true(#told < 100)
    assert(made.client:get_customer(items.customer(1)))
  end)

  if not _G.jit then -- whose hooks are those of all coroutines
    it("is what a hook raises, wherever that is: what was sent is told of, once", function()
      local count = 0
      for instructions = 300, 20000, 487 do
        local server = assert(sandbox.start())
        local client = assert(partnercenter.new(access.options(server)))
        local told = {}
        local ok, message = pcall(function()
          debug.sethook(function()
            debug.sethook()
            error("interrupted!", 0)
          end, "", instructions)
          client:update_qualifications(items.iterator(30), { concurrency = 8,
            on_result = function(item) told[item.customer_id] = (told[item.customer_id] or 0) + 1 end })
          debug.sethook()
        end)
        debug.sethook()
        for _, update in ipairs(items.updates(server)) do
          assert.equal(1, told[update.customer])
        end
        if not ok then
          count = count + 1
          assert.equal("interrupted!", message)
        end
        client:close()
        server:stop()
      end
      assert.is_true(count > 5)
    end)
  end

  if not _G.jit and _VERSION ~= "Lua 5.1" then -- there the main coroutine has no name
    it("is what a hook would raise in an on_result, behind that", function()
      local main = coroutine.running()
      made.server:fail { delay = 60, times = 1, path = items.customer(2) }
      local told = {}
      local ok, message = pcall(made.client.update_qualifications, made.client, items.array(4), { concurrency = 4,
        on_result = function(item, _, err)
          told[item.note.n] = err and err.category or "none"
          if item.note.n == 1 then -- as SIGINT does to the interpreter
            debug.sethook(main, function()
              debug.sethook()
              error("interrupted!", 0)
            end, "l")
          end
        end })
      debug.sethook()
      assert.is_false(ok)
      assert.equal("interrupted!", message)
      assert.equal("cancelled", told[2])
    end)
  end

  it("is memory that runs out where an update has ended: the others are told of", function()
    local settle = tally.settle
    finally(function() tally.settle = settle end)
    function tally.settle(self, state, item, ...)
      if item.note.n == 1 then
        error("not enough memory", 0)
      end
      return settle(self, state, item, ...)
    end
    made.server:fail { delay = 60, times = 1, path = items.customer(2) }
    for _, method in ipairs { "call", "start" } do
      local told = {}
      local options = { concurrency = 3, on_result = function(item, _, err) told[item.note.n] = err and err.category end }
      local ok, message
      if method == "call" then
        ok, message = pcall(made.client.update_qualifications, made.client, items.array(6), options)
      else
        local call = made.client:start("update_qualifications", items.array(6), options)
        ok, message = pcall(call.result, call)
      end
      assert.is_false(ok)
      assert.equal("not enough memory", message)
      assert.equal("cancelled", told[2])
      assert.is_nil(next(made.client.waiters))
      made.server:fail { delay = 60, times = 1, path = items.customer(2) }
    end
  end)
end)

describe("a run among other calls", function()
  it("goes on while a started one is waited for, and its functions may make calls", function()
    local found = 0
    local call = made.client:start("update_qualifications", items.array(10), { on_result = function(item)
      assert(made.client:get_customer(item.customer_id))
      found = found + 1
    end })
    assert(made.client:get_customer(items.customer(1)))
    assert.equal(10, call:result().succeeded)
    assert.equal(10, found)
  end)

  for _, is_told_before in ipairs { true, false } do
    it("may be waited for in a function of another, told before " .. tostring(is_told_before), function()
      made.client:pollfd()
      made.server:fail { delay = 0.1, times = 1, path = items.customer(1) }
      made.server:fail { delay = 0.3, times = 1, path = items.customer(2) }
      local second
      local first = made.client:start("update_qualifications", { items.item(1) }, { on_result = function()
        assert(second:result())
      end })
      second = made.client:start("update_qualifications", { items.item(2) }, {})
      if is_told_before then
        socket.sleep(0.2)
        made.client:process()
      end
      socket.sleep(0.5)
      made.client:process()
      assert.equal(1, assert(first:result()).succeeded)
    end)
  end

  it("is driven by process, and collected", function()
    local call = made.client:start("update_qualifications", items.array(10))
    local finished
    repeat
      finished = made.client:process()
    until #finished > 0
    assert.equal(call, finished[1])
    assert.equal(1, #finished)
    assert.equal(10, call:result().succeeded)
  end)

  it("can have its items from the list of customers", function()
    made.restart { customers = 25 }
    local next_customer = made.client:customers { page_size = 10 }
    local summary = assert(made.client:update_qualifications(function()
      local customer, err = next_customer()
      if err then
        error(err)
      end
      return customer and { customer_id = customer.id, qualification = "Education" }
    end))
    assert.same({ 25, 25, 0, 0, 0 }, counts(summary))
  end)
end)

describe("faults of the network", function()
  it("do not make a run update anything twice", function()
    local port = tonumber(made.server:base_url():match ":(%d+)$")
    local proxy = servers.fault_proxy(port, { reset_before = 0.03, reset_after = 0.1, reset_in = 0.03, reset_idle = 0.03,
      refuse = 0.03, seed = 7 })
    made.new_client { base_url = proxy.url, max_retries = 10 }
    local summary = run(items.array(20), { wait = true, interval = 0.1 })
    assert.same({ 20, 20, 0, 0, 0 }, counts(summary))
    local ids = {}
    for _, update in ipairs(items.updates(made.server)) do
      assert.is_true(ids[update.customer] == nil or ids[update.customer] == update.request_id)
      ids[update.customer] = update.request_id
    end
    proxy.stop()
  end)
end)

describe("throttling", function()
  it("does not fail a run, and is met with fewer calls", function()
    made.restart { rate_limit = 30 }
    local fewest = math.huge
    local summary = run(items.array(90), { concurrency = 16, on_progress = function(progress)
      if progress.done > 31 and progress.done < 80 then
        fewest = math.min(fewest, progress.in_flight)
      end
    end })
    assert.same({ 90, 90, 0, 0, 0 }, counts(summary))
    assert.is_true(fewest < 8)
  end)
end)
