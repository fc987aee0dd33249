-- SPDX-License-Identifier: MIT
--- The tables of a journal.

local problem = require "partnercenter.journal.problem"

local M = {}

--- The version of the tables below. A journal of another one is refused.
M.VERSION = 1

local VERSION_TABLE = "CREATE TABLE IF NOT EXISTS partnercenter_journal (version INTEGER NOT NULL)"

--- What an item can be: `sending` (its request may have left), `vetting` (it was updated, and Microsoft
--- has not decided), and the ends `succeeded`, `denied` and `failed`.
local TABLES = {
  -- total: how many items the source had; null until its end was seen
  "CREATE TABLE IF NOT EXISTS partnercenter_runs (name TEXT PRIMARY KEY, begun DOUBLE PRECISION NOT NULL, total INTEGER)",
  -- times: seconds since the epoch; holder: the process that works on it, until held_until
  [[CREATE TABLE IF NOT EXISTS partnercenter_items (
      run TEXT NOT NULL, customer_id TEXT NOT NULL, qualification TEXT NOT NULL,
      position INTEGER NOT NULL, item TEXT NOT NULL, request_id TEXT NOT NULL, state TEXT NOT NULL,
      attempts INTEGER NOT NULL, answer TEXT, category TEXT, status INTEGER, code TEXT, message TEXT,
      begun DOUBLE PRECISION NOT NULL, changed DOUBLE PRECISION NOT NULL,
      holder TEXT, held_until DOUBLE PRECISION,
      vetting_begun DOUBLE PRECISION, due DOUBLE PRECISION, pause DOUBLE PRECISION,
      PRIMARY KEY (customer_id, qualification, run))]],
  -- PostgreSQL plans the statements while the table is empty, when any index that can be used at all looks as good
  -- as the others, and keeps the plans: each statement of a run can use one index only.
  "CREATE INDEX IF NOT EXISTS partnercenter_items_position ON partnercenter_items (position, run)",
  "CREATE INDEX IF NOT EXISTS partnercenter_items_state ON partnercenter_items (state, run, due)",
  "CREATE INDEX IF NOT EXISTS partnercenter_items_holder ON partnercenter_items (holder, run)",
}

local function create(database)
  database:run(VERSION_TABLE)
  local row = database:row "SELECT version FROM partnercenter_journal"
  if row and row.version ~= M.VERSION then
    problem.raise(("the journal has version %s of the tables, and this library knows version %d"):format(row.version,
      M.VERSION))
  end
  for _, sql in ipairs(TABLES) do
    database:run(sql)
  end
  if not row then
    database:run("INSERT INTO partnercenter_journal (version) VALUES (?)", M.VERSION)
  end
end

--- Makes the tables where they are missing.
---@param database partnercenter.Database
function M.prepare(database)
  database:transaction("partnercenter_journal", create, database)
end

return M
