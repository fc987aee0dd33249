-- SPDX-License-Identifier: MIT
--- A database, through LuaDBI: SQLite in a file, or PostgreSQL. What goes wrong is raised as a problem;
--- whoever uses it catches that.

local core = require "partnercenter.core"
local problem = require "partnercenter.journal.problem"

local M = {}

--- What differs between the two. LuaDBI reads integers as 32 bits: times are floating point.
local DIALECTS = {
  SQLite3 = {
    begin = "BEGIN IMMEDIATE", -- no other process writes meanwhile
    -- Written ahead, and to the disk with each commit. Another writer is waited for, but not for as long as a
    -- hold on a row lasts.
    setup = { "PRAGMA busy_timeout = 20000", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL" },
  },
  PostgreSQL = {
    begin = "BEGIN",
    -- No other process works under the same name meanwhile: rows that each locks of its own accord, in
    -- whatever order, would be deadlocks.
    lock = "SELECT pg_advisory_xact_lock(hashtext(?))",
    -- The clock of the machine that all share.
    clock = "SELECT extract(epoch from clock_timestamp())::float8 AS now",
    -- A machine that is lost in the middle of a transaction holds up the others for less than they wait, and
    -- they wait for less than a hold on a row lasts.
    setup = {
      "SET client_min_messages = warning", "SET client_encoding = 'UTF8'", "SET synchronous_commit = on",
      "SET idle_in_transaction_session_timeout = '10s'", "SET lock_timeout = '20s'",
    },
  },
}

---@class partnercenter.Database
---@field now number the time when the transaction began, in seconds since the epoch, by the clock that all share
---@field began number the same by this machine's
local Database = {}
Database.__index = Database

local function statement(database, sql)
  local known = database.statements[sql]
  if not known then
    local reason
    known, reason = database.connection:prepare(sql)
    if not known then
      problem.raise(reason)
    end
    database.statements[sql] = known
  end
  return known
end

--- Executes a statement. One that has failed would tell of the same failure once more: it is not kept.
local function execute(database, sql, ...)
  local ready = statement(database, sql)
  local done, reason = ready:execute(...)
  if not done then
    database.statements[sql] = nil
    pcall(ready.close, ready)
    problem.raise(reason or "the database gives no reason")
  end
  return ready
end

--- Runs a statement with its values; `?` stands for each.
function Database:run(sql, ...)
  execute(self, sql, ...)
end

--- Raises a text, as LuaDBI does where it cannot read a row.
local function fetch_all(ready)
  local rows = {}
  for row in ready:rows(true) do
    rows[#rows + 1] = row
  end
  return rows
end

--- Runs a query.
---@return table[] rows by the names of their columns
function Database:rows(sql, ...)
  local ok, rows = pcall(fetch_all, execute(self, sql, ...))
  if not ok then
    problem.raise((tostring(rows):gsub("^[^:]+:%d+: ", "")))
  end
  return rows
end

--- The first row; nil where there is none.
function Database:row(sql, ...)
  return self:rows(sql, ...)[1]
end

--- What happens between the begin and the end of a transaction, its commit included.
local function transact(database, name, work, ...)
  local dialect = database.dialect
  if dialect.lock then
    database:rows(dialect.lock, name)
  end
  database.began = core.time()
  database.now = dialect.clock and database:row(dialect.clock).now or database.began
  local value = work(...)
  database:run "COMMIT"
  return value
end

--- Runs `work` so that all of what it does is done, and on the disk, or nothing; and so that no other
--- process does something under the same name meanwhile.
function Database:transaction(name, work, ...)
  self:run(self.dialect.begin)
  local ok, value = pcall(transact, self, name, work, ...)
  if not ok then
    pcall(self.run, self, "ROLLBACK")
    error(value, 0)
  end
  return value
end

function Database:close()
  for _, each in pairs(self.statements) do
    pcall(each.close, each)
  end
  self.connection:close()
end

local function load_driver()
  local ok, DBI = pcall(require, "DBI")
  if not ok then
    problem.raise "LuaDBI is missing (Debian: lua-dbi-sqlite3 or lua-dbi-postgresql)"
  end
  return DBI
end

local function is_url(at)
  return at:find "^postgres://" or at:find "^postgresql://"
end

M.is_url = is_url

--- The URL with how long to wait for a server that cannot be reached, or that is gone, where it does not say.
local function with_timeouts(url)
  for name, value in pairs { connect_timeout = 30, tcp_user_timeout = 60000 } do
    if not url:find("[?&]" .. name .. "=") then
      url = ("%s%s%s=%d"):format(url, url:find("?", 1, true) and "&" or "?", name, value)
    end
  end
  return url
end

--- Connects to a database. A new SQLite file is its owner's alone: it names the customers.
local function connect(name, at)
  local driver = load_driver()
  if name == "PostgreSQL" then
    return driver.Connect(name, with_timeouts(at))
  elseif at ~= ":memory:" and not at:find "^file:" then
    core.create_private(at)
  end
  return driver.Connect(name, at)
end

local function set_up(database)
  database.connection:autocommit(true)
  for _, sql in ipairs(database.dialect.setup) do
    database:rows(sql)
  end
end

--- Opens a database.
---@param at string a path, or a URL postgresql://...
---@return partnercenter.Database
function M.open(at)
  local name = is_url(at) and "PostgreSQL" or "SQLite3"
  local connected, connection, reason = pcall(connect, name, at)
  if not connected or not connection then -- LuaDBI raises where the driver is missing
    problem.raise(not connected and connection or reason)
  end
  local database = setmetatable({ connection = connection, statements = {}, dialect = DIALECTS[name] }, Database)
  local ok, raised = pcall(set_up, database)
  if not ok then
    pcall(database.close, database)
    error(raised, 0)
  end
  return database
end

--- The texts of a URL that nobody may read: its password, as it is written and as it is meant, and the
--- pieces in which a URL that is none can get into a message.
local function secrets_of(url)
  local authority = url:match "^%w+://([^/]*.*)@" or ""
  local found = { authority:match ":(.*)" or "", url:match "[?&]password=([^&]*)" or "" }
  local pieces = {}
  for _, secret in ipairs(found) do
    local plain = secret:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
    for _, text in ipairs { secret, plain } do
      pieces[#pieces + 1] = text
      for piece in text:gmatch "[^@/:?# ]+" do
        pieces[#pieces + 1] = piece
      end
    end
  end
  table.sort(pieces, function(a, b) return #a > #b end)
  return pieces
end

--- What is wrong with a journal, and with which; without the password that its URL has.
---@param message any
---@param at string a path or URL
---@return string
function M.problem(message, at)
  message = ("the journal%s: %s"):format(is_url(at) and "" or " " .. at, tostring(message))
  for _, secret in ipairs(is_url(at) and secrets_of(at) or {}) do
    if #secret > 2 then
      message = message:gsub(secret:gsub("%p", "%%%0"), "[redacted]")
    end
  end
  return (message:gsub("%s+$", ""))
end

return M
