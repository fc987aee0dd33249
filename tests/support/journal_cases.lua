-- SPDX-License-Identifier: MIT
--- What a journal does, whatever database it is in.

local assert = require "luassert"
local items = require "tests.support.items"
local make = require "tests.support.made"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"

local counts = items.counts

--- The sandbox and the client of a test.
local made

--- Fields of the rows, by customer.
local function by_customer(journal, fields)
  local rows = {}
  local sql = "SELECT customer_id, %s FROM partnercenter_items ORDER BY run, position"
  for _, row in ipairs(journal.rows(sql:format(fields))) do
    rows[row.customer_id] = row
  end
  return rows
end

--- The request ids with which updates have arrived: `ids[customer][i]`.
local function arrived()
  local ids = {}
  for _, update in ipairs(items.updates(made.server)) do
    ids[update.customer] = ids[update.customer] or {}
    table.insert(ids[update.customer], update.request_id)
  end
  return ids
end

local function run(journal, source, options)
  options = options or {}
  options.journal = options.journal or journal.at
  return made.client:update_qualifications(source, options)
end

local M = {}

--- Makes the tests. `journal` has `at`, `rows(sql)`, `run(sql)`, and is empty before each test; the rest
--- are functions of busted, which only a file of specs has.
function M.describe(journal, it, before_each, after_each)
  made = make.each(before_each, after_each, { vetting_time = 0.2 })

  it("has a row for each item", function()
    made.server:fail { status = 404, path = items.customer(2) }
    assert(run(journal, items.array(3)))
    local rows = by_customer(journal, "run, qualification, position, item, request_id, state, attempts, answer, category, "
      .. "status, message, begun, changed, holder")
    local ids = arrived()
    for n = 1, 3 do
      local row = rows[items.customer(n)]
      assert.equal("default", row.run)
      assert.equal("Education", row.qualification)
      assert.equal(n, row.position)
      assert.matches('"education_segment":"K12"', row.item)
      assert.equal(ids[items.customer(n)][1], row.request_id)
      assert.equal(1, row.attempts)
      assert.is_true(math.abs(row.begun - os.time()) < 60 and row.changed >= row.begun)
      assert.is_nil(row.holder)
    end
    local succeeded, failed = rows[items.customer(1)], rows[items.customer(2)]
    assert.equal("succeeded", succeeded.state)
    assert.matches('"vettingStatus":"InReview"', succeeded.answer)
    assert.equal(201, succeeded.status)
    assert.is_nil(succeeded.category)
    assert.equal("failed", failed.state)
    assert.equal("not_found", failed.category)
    assert.equal(404, failed.status)
    assert.is_string(failed.message)
    assert.is_nil(failed.answer)
  end)

  it("has the request id on the disk before the request leaves", function()
    made.client:update_qualifications({}, { journal = { at = journal.at, run = "none" } }) -- makes the tables
    local witness = servers.journal_witness(journal.at)
    made.new_client { base_url = witness.url }
    assert.equal(150, assert(run(journal, items.iterator(150))).succeeded)
    local count, missing = witness.counts()
    assert.equal(150, count)
    assert.equal(0, missing)
    witness.stop()
  end)

  it("skips what has come to its end, and gives back the very items", function()
    local told = {}
    local function on_result(item) told[#told + 1] = item end
    assert.same({ 100, 100, 0, 0, 0 }, counts(assert(run(journal, items.array(100)))))
    local all = items.array(100)
    assert.same({ 100, 0, 0, 100, 0 }, counts(assert(run(journal, all, { on_result = on_result }))))
    assert.equal(0, #told)
    local again = { journal = { at = journal.at, run = "again" }, on_result = on_result }
    assert.equal(100, assert(run(journal, all, again)).failed)
    for _, item in ipairs(told) do
      told[item] = (told[item] or 0) + 1
    end
    for _, item in ipairs(all) do
      assert.equal(1, told[item])
    end
  end)

  it("lets a run go on that was ended", function()
    local told = 0
    local _, err = run(journal, items.array(200), { concurrency = 4, on_result = function()
      told = told + 1
      if told == 90 then
        error "enough"
      end
    end })
    assert.equal("callback", err.category)
    local done = err.summary.succeeded
    assert.is_true(done >= 90 and done < 94)
    assert.same({ 200, 200 - done, 0, done, 0 }, counts(assert(run(journal, items.array(200)))))
    for n, ids in pairs(arrived()) do
      assert.equal(1, #ids, n)
    end
  end)

  it("repeats what was lost with its request id", function()
    made.server:fail { delay = 0.3, times = 4, path = "/qualifications" } -- they have their effect all the same
    local call = made.client:start("update_qualifications", items.array(10), { concurrency = 4, journal = journal.at })
    while #items.updates(made.server) < 4 do
      call:done()
    end
    call:cancel()
    assert.equal("cancelled", select(2, call:result()).category)
    local before = by_customer(journal, "state, request_id, holder")
    for n = 1, 4 do
      assert.equal("sending", before[items.customer(n)].state)
      assert.is_nil(before[items.customer(n)].holder)
    end
    assert.same({ 10, 10, 0, 0, 0 }, counts(assert(run(journal, items.array(10)))))
    for n, ids in pairs(arrived()) do
      assert.equal(before[n].request_id, ids[1])
      assert.is_true(ids[2] == nil or ids[2] == ids[1])
    end
  end)

  it("repeats what got no answer with its request id", function()
    made.server:fail { delay = 0.5, path = items.customer(1) }
    assert.equal(1, run(journal, items.array(2), { timeout = 0.1, max_retries = 0 }).failed)
    assert.equal("timeout", by_customer(journal, "category")[items.customer(1)].category)
    assert.same({ 2, 1, 0, 1, 0 }, counts(assert(run(journal, items.array(2)))))
    local ids = arrived()[items.customer(1)]
    assert.equal(ids[1], ids[2])
  end)

  it("tries what failed again, as a new request", function()
    made.server:fail { status = 403, path = items.customer(1) }
    assert.same({ 2, 1, 1, 0, 0 }, counts(assert(run(journal, items.array(2)))))
    assert.same({ 2, 1, 0, 1, 0 }, counts(assert(run(journal, items.array(2)))))
    local ids = arrived()[items.customer(1)]
    assert.equal(2, #ids)
    assert.not_equal(ids[1], ids[2])
    local row = by_customer(journal, "state, category, attempts, request_id")[items.customer(1)]
    assert.same({ customer_id = items.customer(1), state = "succeeded", attempts = 2, request_id = ids[2] }, row)
  end)

  it("settles what the service refuses to repeat by looking at it", function()
    assert(made.client:update_qualification(items.customer(1), "Education"))
    assert(made.client:update_qualification(items.customer(2), "StateOwnedEntity"))
    assert.same({ 2, 0, 2, 0, 0 }, counts(assert(run(journal, items.array(2)))))
    local results = {}
    assert.same({ 2, 1, 1, 0, 0 }, counts(assert(run(journal, items.array(2), {
      on_result = function(item, result, err) results[item.customer_id] = result or err end,
    }))))
    assert.equal("Education", results[items.customer(1)].qualification)
    assert.equal("already_exists", results[items.customer(2)].category)
  end)

  it("sends a changed item as a new request", function()
    made.server:fail { delay = 0.5, path = items.customer(1) }
    run(journal, items.array(1), { timeout = 0.1, max_retries = 0 })
    local changed = items.array(1)
    changed[1].website = "other.example.edu"
    assert.equal(1, assert(run(journal, changed)).succeeded) -- settled: the first one had its effect
    local ids = arrived()[items.customer(1)]
    assert.not_equal(ids[1], ids[2])
  end)

  it("skips a repeated item", function()
    local all = items.array(3)
    all[4], all[5] = items.item(1), items.item(3)
    all[5].customer_id = "{" .. all[5].customer_id:upper() .. "}"
    assert.same({ 5, 3, 0, 2, 0 }, counts(assert(run(journal, all))))
    assert.same({ 5, 0, 0, 5, 0 }, counts(assert(run(journal, all))))
    assert.equal(3, #items.updates(made.server))
  end)

  it("refuses another source, unless it is told to add it", function()
    assert(run(journal, items.array(70)))
    local others = { items.array(71), items.array(69), items.array(70), items.array(70), {} }
    others[3][35] = items.item(100)
    others[4][35], others[4][36] = others[4][36], others[4][35]
    for i, other in ipairs(others) do
      local summary, err = run(journal, other)
      assert.is_nil(summary, i)
      assert.equal("journal", err.category)
      assert.matches("different source", err.message)
    end
    assert.equal(70, #items.updates(made.server))
    assert.same({ 71, 1, 0, 70, 0 }, counts(assert(run(journal, others[1], { journal = { at = journal.at, add = true } }))))
  end)

  it("keeps what has become of items before it refuses the source behind them", function()
    made.server:fail { status = 403, path = "/qualifications" }
    assert.equal(1, assert(run(journal, items.array(70))).failed)
    local summary, err = run(journal, items.array(71))
    assert.is_nil(summary)
    assert.matches("different source", err.message)
    assert.equal(1, err.summary.succeeded) -- the one that had failed
    assert.same({ 70, 0, 0, 70, 0 }, counts(assert(run(journal, items.array(70)))))
  end)

  it("tells runs apart by their names", function()
    for _, name in ipairs { "first", "second", "default" } do
      made.restart { vetting_time = 0.2 }
      assert.equal(3, assert(run(journal, items.array(3), { journal = { at = journal.at, run = name } })).succeeded)
    end
    assert.same({ 3, 0, 0, 3, 0 }, counts(assert(run(journal, items.array(3)))))
    assert.equal(9, #journal.rows "SELECT position FROM partnercenter_items")
  end)

  it("refuses tables of another version", function()
    assert(run(journal, {}))
    journal.run "UPDATE partnercenter_journal SET version = 99"
    local summary, err = run(journal, {})
    assert.is_nil(summary)
    assert.equal("journal", err.category)
    assert.matches("version 99", err.message)
  end)

  it("follows items to their decision, across runs", function()
    local all = items.array(20)
    all[3].website = "denied.example.edu"
    all[4].note = { text = "a\0b\255\200", number = 1.5, list = { 1, 2 }, yes = true, mark = { "\1", "\1n1", "\1sx" } }
    all[6].note = { 9007199254740993, -123456789012345678, 123456789012345, 0.1 + 0.2, 1 / 3, 1e300, 5e-324, -0.5, 7 }
    all[5].validation_code = 9007199254740991
    local told, given = {}, {}
    local _, err = run(journal, all, { wait = true, interval = 0.2, concurrency = 4, on_result = function(item)
      told[item.customer_id] = (told[item.customer_id] or 0) + 1
      given[item.customer_id] = item
      if item.customer_id == items.customer(4) then
        error "enough"
      end
    end })
    assert.equal("callback", err.category)
    local summary = assert(run(journal, all, { wait = true, interval = 0.05, on_result = function(item, result)
      told[item.customer_id] = (told[item.customer_id] or 0) + 1
      given[item.customer_id] = item
      assert(result.vettingStatus ~= "InReview")
    end }))
    assert.equal(20, summary.total)
    assert.equal(20, summary.succeeded + summary.denied + summary.skipped)
    for n = 1, 20 do
      assert.equal(1, told[items.customer(n)])
      assert.same(all[n], given[items.customer(n)])
    end
    assert.equal(tostring(all[6].note[1]), tostring(given[items.customer(6)].note[1]))
    local states = by_customer(journal, "state, holder, attempts")
    assert.equal("denied", states[items.customer(3)].state)
    assert.equal("succeeded", states[items.customer(5)].state)
    assert.is_true(states[items.customer(5)].attempts >= 2)
    for _, row in pairs(states) do
      assert.is_nil(row.holder)
    end
  end)

  it("asks for the decision, and does not update again, where only the wait had failed", function()
    made.restart { vetting_time = 3600 }
    local failures = {}
    local function on_result(item, _, err) failures[item.customer_id] = err and err.category end
    local waiting = { wait = true, interval = 0.02, wait_timeout = 0.2, on_result = on_result }
    local function fail_poll()
      local call = made.client:start("update_qualifications", items.array(2), { journal = journal.at, wait = true,
        interval = 0.3, wait_timeout = 0.6, on_result = on_result })
      while #items.updates(made.server) < 2 do
        call:done()
      end
      made.server:fail { status = 403, path = items.customer(2) }
      return call:result()
    end
    assert.same({ 2, 0, 2, 0, 0 }, counts(assert(fail_poll())))
    assert.same({ [items.customer(1)] = "timeout", [items.customer(2)] = "forbidden" }, failures)
    local rows = by_customer(journal, "state, category")
    assert.same({ customer_id = items.customer(1), state = "failed", category = "timeout" }, rows[items.customer(1)])
    assert.same({ customer_id = items.customer(2), state = "failed", category = "forbidden" }, rows[items.customer(2)])
    failures = {}
    assert.same({ 2, 0, 2, 0, 0 }, counts(assert(run(journal, items.array(2), waiting)))) -- a wait of its own
    assert.same({ [items.customer(1)] = "timeout", [items.customer(2)] = "timeout" }, failures)
    assert.same({ 2, 0, 0, 2, 0 }, counts(assert(run(journal, items.array(2))))) -- without a wait it has succeeded
    local body = '[{"qualification":"Education","vettingStatus":"Approved"}]'
    made.server:fail { status = 200, body = body, times = 2 }
    assert.same({ 2, 2, 0, 0, 0 }, counts(assert(run(journal, items.array(2), { wait = true }))))
    assert.equal(2, #items.updates(made.server))
    for _, row in pairs(by_customer(journal, "state, category, holder")) do
      assert.same({ customer_id = row.customer_id, state = "succeeded" }, row)
    end
  end)

  it("follows what another process has sent, and left in vetting", function()
    local elsewhere = "another-machine pid:[1] 1 1"
    assert(run(journal, items.array(3)))
    journal.run(("UPDATE partnercenter_items SET state = 'sending', holder = '%s', held_until = %d WHERE position = 1")
      :format(elsewhere, os.time() + 1000))
    local call = made.client:start("update_qualifications", items.array(3), { journal = journal.at, wait = true,
      interval = 0.1 })
    for _ = 1, 20 do
      assert.is_false(call:done())
    end
    journal.run(("UPDATE partnercenter_items SET state = 'vetting', holder = NULL, held_until = NULL, vetting_begun = %d, "
      .. "due = %d, pause = 60 WHERE position = 1"):format(os.time(), os.time()))
    assert.same({ 3, 1, 0, 2, 0 }, counts(assert(call:result())))
    assert.equal("succeeded", by_customer(journal, "state")[items.customer(1)].state)
  end)

  it("has no two calls for one customer in flight, whichever process makes them", function()
    made.restart { latency = 0.02, vetting_time = 0.05 }
    local busy, overlaps, both = {}, 0, {}
    for _, name in ipairs { "Education", "StateOwnedEntity" } do -- a batch of each
      for n = 1, 64 do
        both[#both + 1] = { customer_id = items.customer(n), qualification = name }
      end
    end
    local function on_event(event)
      if event.type == "request" then
        overlaps = overlaps + (busy[event.customer_id] and 1 or 0)
        busy[event.customer_id] = true
      elseif event.type == "response" then
        busy[event.customer_id] = nil
      end
    end
    made.new_client { on_event = on_event }
    local other = made.one_more { on_event = on_event }
    local calls = {}
    for i, each in ipairs { made.client, other } do
      calls[i] = each:start("update_qualifications", both, { journal = journal.at, concurrency = 8, wait = true,
        interval = 0.05 })
    end
    while not (calls[1]:done() and calls[2]:done()) do
      calls[2]:done()
    end
    local first, second = assert(calls[1]:result()), assert(calls[2]:result())
    other:close()
    assert.equal(0, overlaps)
    local done = first.succeeded + first.failed + second.succeeded + second.failed
    assert.same({ 128, 128, 128 }, { first.total, second.total, done })
  end)

  it("is shared by processes without doing an item twice", function()
    made.restart { vetting_time = 0.1, latency = 0.01 }
    local other = made.one_more()
    local options = { journal = journal.at, concurrency = 4, wait = true, interval = 0.05 }
    local calls = { made.client:start("update_qualifications", items.array(100), options),
      other:start("update_qualifications", items.array(100), options) }
    while not (calls[1]:done() and calls[2]:done()) do
      calls[2]:done()
    end
    local first, second = assert(calls[1]:result()), assert(calls[2]:result())
    assert.equal(100, first.total)
    assert.equal(100, second.total)
    assert.equal(100, first.succeeded + second.succeeded)
    assert.equal(100, first.succeeded + first.skipped)
    assert.equal(100, #items.updates(made.server))
    other:close()
  end)

  it("goes on after a run of this machine that is gone, and leaves what is held alone", function()
    local core = require "partnercenter.core"
    assert(run(journal, items.array(4)))
    local elsewhere = "another-machine pid:[1] 1 1"
    local gone = core.process():gsub("%d+ %d+$", "1 1") .. " x"
    journal.run(("UPDATE partnercenter_items SET state = 'sending', holder = '%s', held_until = %d WHERE position = 1")
      :format(gone, os.time() + 1000))
    journal.run(("UPDATE partnercenter_items SET state = 'sending', holder = '%s', held_until = %d WHERE position = 2")
      :format(elsewhere, os.time() + 2))
    assert.same({ 4, 2, 0, 2, 0 }, counts(assert(run(journal, items.array(4)))))
    assert.equal(6, #items.updates(made.server))
  end)

  it("has no secret in it", function()
    local options = made.server:client_options()
    made.client:close()
    made.client = assert(partnercenter.new(options))
    made.server:fail { status = 400, body = '{"code":"1","description":"' .. options.client_secret .. '"}' }
    assert(run(journal, items.array(3), { wait = true, interval = 0.1 }))
    local text = {}
    for _, row in ipairs(journal.rows "SELECT * FROM partnercenter_items") do
      for name, value in pairs(row) do
        text[#text + 1] = name .. "=" .. tostring(value)
      end
    end
    text = table.concat(text, "\n")
    for _, request in ipairs(made.server:requests()) do
      local token = (request.headers.Authorization or ""):match "^Bearer (.+)"
      assert.is_nil(token and text:find(token, 1, true))
    end
    assert.is_nil(text:find(options.refresh_token, 1, true))
  end)

  it("is in order after what a hook raises in a transaction, as Ctrl-C does", function()
    local jit = rawget(_G, "jit")
    if jit then
      jit.off() -- what is compiled calls no hooks
      jit.flush()
    end
    local told = 0
    local ok, raised = pcall(function()
      debug.sethook(function()
        if told >= 20 and debug.getinfo(2, "S").source:find("journal/database.lua", 1, true) then
          debug.sethook()
          error "interrupted!"
        end
      end, "r")
      return run(journal, items.array(200), { concurrency = 4, on_result = function() told = told + 1 end })
    end)
    debug.sethook()
    if jit then
      jit.on()
    end
    assert.is_false(ok)
    assert.matches("interrupted!", raised)
    for _, row in pairs(by_customer(journal, "holder")) do
      assert.is_nil(row.holder)
    end
    local summary = assert(run(journal, items.array(200)))
    assert.equal(200, summary.succeeded + summary.skipped)
    for _, ids in pairs(arrived()) do
      for _, id in ipairs(ids) do
        assert.equal(ids[1], id)
      end
    end
  end)

  it("that fails in the middle ends the run", function()
    local told = 0
    local summary, err = run(journal, items.iterator(1000), { concurrency = 4, on_result = function()
      told = told + 1
      if told == 70 then
        journal.run "DROP TABLE partnercenter_items"
      end
    end })
    assert.is_nil(summary)
    assert.equal("journal", err.category)
    assert.equal(told, err.summary.succeeded)
    assert.is_true(told < 200)
  end)

  it("keeps texts that are no UTF-8, and odd numbers", function()
    made.server:fail { status = 400, body = '{"code":"\255","description":"caf\233 \\u0000 \226\130\172"}' }
    local source = { { customer_id = items.customer(1), qualification = "Education", ["\255"] = "\128", n = 0 / 0 } }
    assert.equal(1, assert(run(journal, source)).failed)
    source[2] = { customer_id = items.customer(2), qualification = "Education", validation_code = 0 / 0 }
    local adding = { journal = { at = journal.at, add = true } }
    assert.same({ 2, 1, 1, 0, 0 }, counts(assert(run(journal, source, adding))))
  end)

  it("does not make a run update anything twice, whatever the network does", function()
    local proxy = servers.fault_proxy(tonumber(made.server:base_url():match ":(%d+)$"),
      { reset_before = 0.05, reset_after = 0.2, refuse = 0.05, seed = 5 })
    made.new_client { base_url = proxy.url, max_retries = 0 }
    local summary
    for _ = 1, 20 do
      summary = assert(run(journal, items.array(40)))
    end
    assert.same({ 40, 0, 0, 40, 0 }, counts(summary))
    for _, ids in pairs(arrived()) do
      for _, id in ipairs(ids) do
        assert.equal(ids[1], id)
      end
    end
    proxy.stop()
  end)
end

return M
