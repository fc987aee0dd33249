-- SPDX-License-Identifier: MIT
--- The journal in PostgreSQL.
local cases = require "tests.support.journal_cases"
local items = require "tests.support.items"
local leftovers = require "tests.support.leftovers"
local make = require "tests.support.made"
local partnercenter = require "partnercenter"
local postgresql = require "tests.support.postgresql"
local row = require "partnercenter.journal.row"

local unpack = rawget(table, "unpack") or _G.unpack

local database = postgresql.start()
local journal = { at = database.url "journal" }
database.create "journal"

--- Executes SQL with psql, as JSON lines.
function journal.rows(sql)
  local json = require "cjson.safe".new()
  local rows = {}
  local text = database.sql("journal", ("SELECT json_strip_nulls(row_to_json(x)) FROM (%s) AS x;"):format(sql))
  for line in text:gmatch "[^\n]+" do
    rows[#rows + 1] = assert(json.decode(line))
  end
  return rows
end

function journal.run(sql)
  database.sql("journal", sql)
end

before_each(function()
  journal.run "DROP TABLE IF EXISTS partnercenter_journal, partnercenter_runs, partnercenter_items"
end)

teardown(function()
  database.remove()
end)

describe("a journal in PostgreSQL", function()
  cases.describe(journal, it, before_each, after_each)
end)

describe("the statements of a run", function()
  --- What a function of the rows asks of the database.
  local function sql_of(name, ...)
    local asked
    local function ask(_, sql)
      asked = asked or sql
      return {}
    end
    row[name]({ run = ask, rows = ask, row = ask, now = 0 }, "run", ...)
    local count = 0
    return asked:gsub("%?", function()
      count = count + 1
      return "$" .. count
    end), count
  end

  local unit = { customer_id = items.customer(1), qualification = "Education", item = {} }

  it("are planned with the index that is meant for each, while the tables are empty", function()
    local client = assert(partnercenter.new { access_token = "none" })
    assert(client:update_qualifications({}, { journal = journal.at })) -- makes the tables
    client:close()
    local key = "Index Cond: %(%(customer_id = [^)]*%) AND %(qualification = [^)]*%) AND %(run = "
    for _, case in ipairs {
      { key, "find", unit }, { key, "take", unit, "me", 1 }, { key, "hold", unit, "me", 1 },
      { key, "update", unit, { state = "succeeded", attempts = 1 }, "me" },
      { "Index Cond: %(%(customer_id = [^)]*%) AND %(run = ", "of_customer", unit.customer_id },
      { "Index Cond: %(%(\"position\" = [^)]*%) AND %(run = ", "at", 1 },
      { "Index Cond: %(%(holder = [^)]*%) AND %(run = ", "renew", "me", 1 },
      { "Index Cond: %(%(state = [^)]*%) AND %(run = [^)]*%) AND %(due <= ", "due", "me", 64 },
      { "Index Cond: %(%(state = [^)]*%) AND %(run = ", "sending", "me", 64 },
    } do
      local sql, count = sql_of(unpack(case, 2))
      local plan = database.sql("journal", ("SET plan_cache_mode = force_generic_plan; PREPARE x AS %s;"
        .. "EXPLAIN EXECUTE x(%s);"):format(sql, ("'1', "):rep(count):sub(1, -3)))
      assert.matches(case[1], plan)
    end
  end)
end)

describe("a server that cannot be used", function()
  local made = make.each(before_each, after_each)

  local function assert_refused(at, source, on_result)
    local summary, err = made.client:update_qualifications(source or items.array(3), { journal = at, on_result = on_result })
    assert.is_nil(summary)
    assert.equal("journal", err.category)
    assert.is_nil(err.message:find("specs", 1, true) and err.message:find("secret", 1, true))
    return err
  end

  it("is one that is not there, or refuses the password; which is not told", function()
    assert_refused "postgresql://specs:secret@/journal?host=/nowhere"
    assert_refused "postgresql://specs:secret@127.0.0.1:1/journal"
    assert_refused(database.url("journal", "other secret"))
    assert_refused(database.url "missing")
    leftovers.forgive("socket", 2) -- LuaDBI 0.7 closes no connection that a server has refused
    for _, url in ipairs {
      "postgresql://specs:sec ret%zz@/journal", "postgresql://specs:pa/secret@host/journal", "postgresql://specs:se@cret@/x",
      "postgresql://specs:x@host:secret/journal?password=secret", "postgresql://specs:secret@[/journal",
    } do
      local err = assert_refused(url)
      assert.is_nil(err.message:find "pa/secret" or err.message:find "cret@" or err.message:find "sec ret", err.message)
    end
    assert.equal(0, #items.updates(made.server))
  end)

  it("is one that stops in the middle of a run", function()
    local told = 0
    local err = assert_refused(journal.at, items.iterator(1000), function()
      told = told + 1
      if told == 70 then
        database.stop()
      end
    end)
    database.start()
    assert.equal(told, err.summary.succeeded)
    assert.is_true(told < 200)
    local summary = assert(made.client:update_qualifications(items.iterator(1000), { journal = journal.at }))
    assert.equal(1000, summary.total)
    assert.equal(1000, summary.succeeded + summary.skipped)
    local ids = {}
    for _, update in ipairs(items.updates(made.server)) do
      assert.is_true(ids[update.customer] == nil or ids[update.customer] == update.request_id)
      ids[update.customer] = update.request_id
    end
  end)
end)
