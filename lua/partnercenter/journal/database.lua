-- SPDX-License-Identifier: MIT
--- A database, through LuaDBI: SQLite in a file, or PostgreSQL. What goes wrong is raised as a string;
--- whoever uses it catches that.

local M = {}

--- What differs between the two. LuaDBI reads integers as 32 bits: times are floating point.
local DIALECTS = {
  SQLite3 = {
    begin = "BEGIN IMMEDIATE",
    now = "(julianday('now') - 2440587.5) * 86400.0",
    lock = "",
    -- Written ahead and to the disk with each commit; a reader, or another writer, is waited for.
    setup = { "PRAGMA busy_timeout = 30000", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL" },
  },
  PostgreSQL = {
    begin = "BEGIN",
    now = "extract(epoch from clock_timestamp())::float8",
    lock = " FOR UPDATE SKIP LOCKED",
    setup = { "SET client_min_messages = warning", "SET synchronous_commit = on" },
  },
}

---@class partnercenter.Database
---@field now string the expression for the seconds since the epoch, of the database's clock
---@field lock string what a SELECT ends with that takes rows no other transaction has
local Database = {}
Database.__index = Database

local function statement(database, sql)
  local known = database.statements[sql]
  if not known then
    local problem
    known, problem = database.connection:prepare(sql)
    if not known then
      error(problem, 0)
    end
    database.statements[sql] = known
  end
  return known
end

--- Runs a statement with its values; `?` stands for each.
---@return integer affected how many rows it has changed
function Database:run(sql, ...)
  local ready = statement(self, sql)
  local done, problem = ready:execute(...)
  if not done then
    error(problem, 0)
  end
  return ready:affected()
end

--- Runs a query.
---@return table[] rows by the names of their columns
function Database:rows(sql, ...)
  local ready = statement(self, sql)
  local done, problem = ready:execute(...)
  if not done then
    error(problem, 0)
  end
  local rows = {}
  for row in ready:rows(true) do
    rows[#rows + 1] = row
  end
  return rows
end

--- The first row; nil where there is none.
function Database:row(sql, ...)
  return self:rows(sql, ...)[1]
end

--- Runs `work` so that all of what it does is done, and on the disk, or nothing.
function Database:transaction(work, ...)
  self:run(self.begin)
  local ok, value = pcall(work, ...)
  if not ok then
    pcall(self.run, self, "ROLLBACK")
    error(value, 0)
  end
  self:run "COMMIT"
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
    error("LuaDBI is missing (Debian: lua-dbi-sqlite3 or lua-dbi-postgresql)", 0)
  end
  return DBI
end

--- Opens a database.
---@param at string a path, or a URL postgresql://...
---@return partnercenter.Database
function M.open(at)
  local name = at:find "^postgres[q]?[l]?://" and "PostgreSQL" or "SQLite3"
  local dialect = DIALECTS[name]
  local connected, connection, problem = pcall(load_driver().Connect, name, at)
  if not connected then -- LuaDBI raises where the driver is missing
    error(connection, 0)
  elseif not connection then
    error(problem, 0)
  end
  connection:autocommit(true)
  local database = setmetatable({
    connection = connection, statements = {}, begin = dialect.begin, now = dialect.now, lock = dialect.lock,
  }, Database)
  for _, sql in ipairs(dialect.setup) do
    database:rows(sql)
  end
  return database
end

return M
