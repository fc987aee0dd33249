-- SPDX-License-Identifier: MIT
--- The journal in SQLite.
local DBI = require "DBI"
local cases = require "tests.support.journal_cases"
local items = require "tests.support.items"
local lfs = require "lfs"
local make = require "tests.support.made"

local journal = {}

local function shell(command)
  local process = io.popen(command .. " 2>&1")
  local output = process:read "*a"
  process:close()
  return output
end

--- Executes SQL through a connection of its own.
local function execute(sql, collect)
  local connection = assert(DBI.Connect("SQLite3", journal.at))
  connection:autocommit(true)
  local statement = assert(connection:prepare(sql))
  assert(statement:execute())
  local result = collect and collect(statement)
  statement:close()
  connection:close()
  return result
end

function journal.run(sql)
  execute(sql)
end

function journal.rows(sql)
  return execute(sql, function(statement)
    local rows = {}
    for row in statement:rows(true) do
      rows[#rows + 1] = row
    end
    return rows
  end)
end

local directory = shell "mktemp -d":match "%S+"

before_each(function()
  journal.at = directory .. "/run.db"
end)

after_each(function()
  shell(("rm -rf %s/*"):format(directory))
end)

teardown(function()
  shell("rm -rf " .. directory)
end)

describe("a journal in SQLite", function()
  cases.describe(journal, it, before_each, after_each)
end)

describe("the file of a journal", function()
  local made = make.each(before_each, after_each)

  --- The modes of what there is while a run goes on.
  local function modes()
    local found
    assert(made.client:update_qualifications(items.array(1), { journal = journal.at, on_result = function()
      found = shell(("stat -c '%%a %%n' %s/*"):format(directory))
    end }))
    return found:gsub(directory .. "/", "")
  end

  it("is its owner's alone, and one that was there keeps its mode", function()
    assert.equal("600 run.db\n600 run.db-shm\n600 run.db-wal\n", (modes()))
    shell(("rm %s/*; install -m 640 /dev/null %s"):format(directory, journal.at))
    assert.equal("640 run.db\n640 run.db-shm\n640 run.db-wal\n", (modes()))
  end)

  it("is not made for a journal in memory", function()
    assert(made.client:update_qualifications(items.array(1), { journal = ":memory:" }))
    assert.is_nil(io.open ":memory:")
  end)
end)

describe("a file that cannot be a journal", function()
  local made = make.each(before_each, after_each)

  local function assert_refused(at, message, source)
    local summary, err = made.client:update_qualifications(source or items.array(3), { journal = at })
    assert.is_nil(summary)
    assert.equal("journal", err.category)
    assert.matches(message, tostring(err))
    return err
  end

  it("is one in a folder that is not there", function()
    assert_refused(directory .. "/missing/run.db", "unable to open")
    assert_refused(directory, "unable to open")
    assert.equal(0, #items.updates(made.server))
  end)

  it("is another file, which is closed at once, not when garbage is collected", function()
    shell(("head -c 10000 /dev/zero | tr '\\0' x > %s"):format(journal.at))
    collectgarbage()
    collectgarbage "stop"
    local ok, raised = pcall(assert_refused, journal.at, "not a database")
    local process = lfs.symlinkattributes("/proc/self").target
    local open = shell(("ls -l /proc/%s/fd | grep -c %s"):format(process, journal.at))
    collectgarbage "restart"
    assert(ok, raised)
    assert.equal("0\n", open)
    assert.equal(0, #items.updates(made.server))
  end)

  it("is one that cannot be written, or a disk that is full", function()
    local disk = directory .. "/disk"
    if shell(("mkdir %s && mount -t tmpfs -o size=256k none %s && echo mounted"):format(disk, disk)) ~= "mounted\n" then
      pending "nothing can be mounted here"
      return
    end
    local ok, raised = pcall(function()
      local err = assert_refused(disk .. "/run.db", "full", items.iterator(2000))
      assert.is_true(err.summary.succeeded > 0)
      assert.equal(err.summary.succeeded, #items.updates(made.server))
      shell(("rm -f %s/*; mount -o remount,size=10m %s"):format(disk, disk))
      assert(made.client:update_qualifications({}, { journal = disk .. "/run.db" }))
      shell(("mount -o remount,ro %s"):format(disk))
      assert_refused(disk .. "/run.db", "open")
    end)
    shell("umount " .. disk)
    assert(ok, raised)
  end)
end)
