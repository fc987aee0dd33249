-- SPDX-License-Identifier: MIT
--- A run as its journal tells it.

local advice = require "partnercenter.command.report.advice"
local cjson = require "cjson.safe"
local database = require "partnercenter.journal.database"

local json = cjson.new()

local M = {}

--- The states, in the order in which they are told.
M.STATES = { "succeeded", "denied", "failed", "vetting", "sending" }

--- How many rows are read at once.
local PAGE = 500

local COLUMNS = "SELECT customer_id, qualification, position, item, request_id, state, attempts, answer, category, status, "
  .. "code, message, begun, changed FROM partnercenter_items WHERE run = ? AND position > ? "

---@class partnercenter.RunReport
---@field name string
---@field at string
---@field counts table<string, integer> by state
---@field total integer how many customers there are, as far as is known
---@field is_partial boolean there may be more of them
---@field begun number seconds since the epoch
---@field changed number when something happened last
---@field requests integer
---@field in_review integer how many of those that succeeded were not decided when they were last asked for
local Run = {}
Run.__index = Run

--- A number of the database's as a whole one, on every Lua.
local function whole(value)
  local number = tonumber(value)
  return number and math.floor(number)
end

local function decode(text)
  local value = text and json.decode(text)
  return type(value) == "table" and value or {}
end

--- What is to be told of a customer.
local function record_of(row)
  local item, answer = decode(row.item), decode(row.answer)
  local is_failed, is_denied = row.state == "failed", row.state == "denied"
  return {
    state = row.state,
    customer_id = row.customer_id,
    qualification = row.qualification,
    line = whole(item.line),
    website = item.website,
    vettingStatus = answer.vettingStatus,
    reason = is_denied and (answer.vettingReason or "(no reason was given)") or is_failed and row.message or nil,
    category = is_failed and row.category or nil,
    status = is_failed and whole(row.status) or nil,
    code = is_failed and row.code or nil,
    advice = is_failed and advice.of(row.category) or is_denied and advice.DENIED or nil,
    request_id = row.request_id,
    attempts = whole(row.attempts),
    changed = os.date("!%Y-%m-%dT%H:%M:%SZ", whole(row.changed)),
  }
end

--- The customers in the order of the source; of one state, or all.
---@param state string?
---@return fun(): table?
function Run:customers(state)
  local sql = COLUMNS .. (state and "AND state = '" .. state .. "' " or "") .. "ORDER BY position LIMIT " .. PAGE
  local page, place, last = {}, 0, -1
  return function()
    if place == #page and (#page == PAGE or last == -1) then
      page, place = self.db:rows(sql, self.name, last), 0
      last = #page > 0 and page[#page].position or last
    end
    place = place + 1
    return page[place] and record_of(page[place])
  end
end

--- The failed ones by category, the most frequent first.
---@return table[] groups each `{ category, count, advice }`
function Run:failures()
  local groups = self.db:rows("SELECT category, count(*) AS count FROM partnercenter_items "
    .. "WHERE run = ? AND state = 'failed' GROUP BY category ORDER BY count(*) DESC, category", self.name)
  for _, group in ipairs(groups) do
    group.category = group.category or "unknown"
    group.count, group.advice = whole(group.count), advice.of(group.category)
  end
  return groups
end

--- How many came to their ends, in so many equal parts of the time from the first to the last.
---@param parts integer
---@return table<string, integer[]> by state
function Run:course(parts)
  local width = math.max(self.changed - self.begun, 1e-3) / parts
  local course = {}
  for _, state in ipairs { "succeeded", "denied", "failed" } do
    course[state] = {}
    for i = 1, parts do
      course[state][i] = 0
    end
  end
  local rows = self.db:rows("SELECT CAST((changed - ?) / ? AS INTEGER) AS part, state, count(*) AS count "
    .. "FROM partnercenter_items WHERE run = ? AND state IN ('succeeded', 'denied', 'failed') GROUP BY part, state",
    self.begun, width, self.name)
  for _, row in ipairs(rows) do
    local part = math.min(parts, math.max(1, whole(row.part) + 1))
    course[row.state][part] = course[row.state][part] + whole(row.count)
  end
  return course
end

function Run:close()
  self.db:close()
end

local function read(db, at, name)
  local run = db:row("SELECT begun, total FROM partnercenter_runs WHERE name = ?", name)
  if not run then
    error(("there is no run '%s' in it"):format(name), 0)
  end
  local self = setmetatable({ db = db, at = at, name = name, counts = {}, requests = 0 }, Run)
  local known = 0
  for _, state in ipairs(M.STATES) do
    self.counts[state] = 0
  end
  for _, row in ipairs(db:rows("SELECT state, count(*) AS count, sum(attempts) AS requests FROM partnercenter_items "
    .. "WHERE run = ? GROUP BY state", name)) do
    self.counts[row.state] = whole(row.count)
    self.requests = self.requests + (whole(row.requests) or 0)
    known = known + self.counts[row.state]
  end
  local times = db:row("SELECT min(begun) AS begun, max(changed) AS changed FROM partnercenter_items WHERE run = ?", name)
  self.begun = tonumber(times.begun or run.begun)
  self.changed = tonumber(times.changed or run.begun)
  self.total, self.is_partial = math.max(known, whole(run.total) or 0), run.total == nil
  self.in_review = whole(db:row("SELECT count(*) AS count FROM partnercenter_items WHERE run = ? AND state = 'succeeded' "
    .. "AND answer LIKE '%\"InReview\"%'", name).count)
  return self
end

--- Whether a file has something in it: opening a journal that is not there would make one.
local function problem_of_file(at)
  local file, problem = io.open(at, "rb")
  local head = file and file:read(15)
  if file then
    file:close()
  end
  return not file and problem or head ~= "SQLite format 3" and at .. " is no journal" or nil
end

--- Opens the journal of a run.
---@param at string a path or URL
---@param name string of the run
---@return partnercenter.RunReport? run
---@return string? problem
function M.open(at, name)
  local problem = not database.is_url(at) and problem_of_file(at)
  if problem then
    return nil, problem
  end
  local opened, db = pcall(database.open, at)
  if not opened then
    return nil, database.problem(db, at)
  end
  local ok, run = pcall(read, db, at, name)
  if ok then
    return run
  end
  pcall(db.close, db)
  local is_none = tostring(run):find("partnercenter_runs", 1, true)
  return nil, database.problem(is_none and "there is none in it" or run, at)
end

return M
