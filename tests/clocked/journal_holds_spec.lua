-- SPDX-License-Identifier: MIT
--- What a run with a journal does when it is held up for longer than it holds its rows, with a clock that
--- jumps ahead instead of waiting.
local DBI = require "DBI"
local core = require "partnercenter.core"
local items = require "tests.support.items"
local make = require "tests.support.made"

local HOLD = 30 -- seconds that a hold lasts

local made = make.each(before_each, after_each, { vetting_time = 0.05 })
local other, journal

before_each(function()
  other = made.one_more()
  journal = os.tmpname()
end)

after_each(function()
  other:close()
  os.execute(("rm -f %s %s-wal %s-shm"):format(journal, journal, journal))
end)

--- Customers' requests of a kind that have arrived.
local function arrived(method)
  local customers = {}
  for _, request in ipairs(made.server:requests()) do
    local customer = request.method == method and request.path:match "/customers/([^/]+)/qualifications$"
    if customer then
      customers[#customers + 1] = customer
    end
  end
  return customers
end

--- A row of the journal, by the position of its item.
local function row(position)
  local connection = assert(DBI.Connect("SQLite3", journal))
  local query = assert(connection:prepare "SELECT state, holder, held_until FROM partnercenter_items WHERE position = ?")
  assert(query:execute(position))
  local found = query:fetch(true)
  query:close()
  connection:close()
  return found
end

--- Another process makes the run meanwhile.
local function take_over(count, options)
  options = options or {}
  options.journal = journal
  return assert(other:update_qualifications(items.array(count), options))
end

describe("a run that is held up for longer than its holds last", function()
  it("by a function of the script's leaves alone what another has taken meanwhile", function()
    local told, taken = 0, nil
    local summary = assert(made.client:update_qualifications(items.array(20), { journal = journal, concurrency = 1,
      on_result = function()
        told = told + 1
        if told == 3 then
          core.advance(HOLD + 10)
          taken = take_over(20)
        end
      end }))
    assert.is_true(taken.succeeded >= 17)
    assert.equal(3, told)
    assert.equal(20, summary.total)
    assert.equal(3, summary.succeeded)
    assert.equal(17, summary.skipped)
    assert.is_true(#arrived "POST" <= 3 + taken.succeeded)
  end)

  it("goes on with what nobody has taken", function()
    local told = 0
    local summary = assert(made.client:update_qualifications(items.array(20), { journal = journal, concurrency = 1,
      on_result = function()
        told = told + 1
        core.advance(told == 3 and HOLD + 10 or 0)
      end }))
    assert.equal(20, summary.succeeded)
    assert.equal(20, told)
    assert.equal(20, #arrived "POST")
  end)

  it("leaves alone the polls that another has taken", function()
    assert(made.client:update_qualifications(items.array(10), { journal = journal }))
    local connection = assert(DBI.Connect("SQLite3", journal))
    connection:autocommit(true)
    local statement = assert(connection:prepare(
      "UPDATE partnercenter_items SET state = 'vetting', vetting_begun = ?, due = ?, pause = 0.01"))
    assert(statement:execute(core.time(), core.time()))
    statement:close()
    connection:close()
    local told, taken = 0, nil
    local summary = assert(made.client:update_qualifications(items.array(10), { journal = journal, concurrency = 1,
      wait = true, interval = 1e-3, on_result = function()
        told = told + 1
        if told == 3 then
          core.advance(HOLD + 10)
          taken = take_over(10, { wait = true, interval = 1e-3 })
        end
      end }))
    assert.is_true(taken.succeeded >= 7)
    assert.equal(3, told)
    assert.equal(3, summary.succeeded)
  end)
end)

describe("a run whose source is slow", function()
  it("begins what it has, and keeps its holds", function()
    local read, first = 0, nil
    local summary = assert(made.client:update_qualifications(function()
      read = read + 1
      core.advance(1)
      return read <= 100 and items.item(read) or nil
    end, { journal = journal, concurrency = 4, on_result = function() first = first or read end }))
    assert.equal(100, summary.succeeded)
    assert.is_true(first < 20, first)
  end)
end)

describe("a run that is ending", function()
  it("keeps what has ended, and its holds, while the last calls go on", function()
    made.server:fail { delay = 60, path = items.customer(2) }
    local call = made.client:start("update_qualifications", items.array(2), { journal = journal, concurrency = 2,
      on_result = function() error "enough" end })
    local given_up = core.now() + 20
    repeat
      call:done()
      local first = row(1)
      assert.is_true(core.now() < given_up)
    until first and first.state == "succeeded" -- put on the disk with no other call's end
    local before = row(2)
    assert.equal("sending", before.state)
    core.advance(HOLD - 15)
    given_up = core.now() + 20
    repeat
      assert.is_false(call:done())
      assert.is_true(core.now() < given_up)
    until row(2).held_until > before.held_until
    call:cancel()
    assert.equal("callback", select(2, call:result()).category)
  end)
end)
